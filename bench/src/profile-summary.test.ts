import { describe, expect, it } from "vitest";
import { describeProfile, summarize } from "./profile-summary.js";

function node(id: number, functionName: string, url: string, lineNumber = 0) {
  return { id, callFrame: { functionName, url, lineNumber } };
}

const PROFILE = {
  nodes: [
    node(1, "(root)", ""),
    node(2, "(idle)", ""),
    node(3, "(garbage collector)", ""),
    node(4, "flush", "file:///srv/dispatcher/dist/runtime/broadcast.js", 41),
    // The same function with another caller.
    node(5, "flush", "file:///srv/dispatcher/dist/runtime/broadcast.js", 41),
    node(6, "", "file:///srv/dispatcher/node_modules/@grpc/grpc-js/build/src/call.js", 9),
    node(7, "writeUtf8String", "node:internal/streams"),
  ],
  samples: [2, 4, 5, 3, 6, 7, 4],
  timeDeltas: [10_000, 4_000, 2_000, 3_000, 1_000, -5, 0],
};

describe("the summary of a profile", () => {
  it("counts self time by function and file, and idle time separately", () => {
    const summary = summarize(PROFILE, 1_000);

    expect(summary).toMatchObject({ busyMs: 10, idleMs: 10 });
    expect(summary.files.map(({ name, ms }) => [name, ms])).toEqual([
      ["dist/runtime/broadcast.js", 6],
      ["garbage collection", 3],
      ["@grpc/grpc-js/build/src/call.js", 1],
      ["node:internal/streams", 0],
    ]);
    expect(summary.functions[0]).toEqual({ name: "flush dist/runtime/broadcast.js:42", ms: 6, share: 0.6 });
  });

  it("leaves out the time before the last milliseconds", () => {
    expect(summarize(PROFILE, 3.5)).toMatchObject({ busyMs: 4, idleMs: 0 });
  });

  it("is readable", () => {
    const text = describeProfile(PROFILE, 1_000);

    expect(text).toContain("busy 10 ms, idle 10 ms");
    expect(text).toMatch(/garbage collection +3 +30\.0 %/);
    expect(text).toMatch(/\(anonymous\) @grpc\/grpc-js\/build\/src\/call\.js:10 +1 +10\.0 %/);
  });
});
