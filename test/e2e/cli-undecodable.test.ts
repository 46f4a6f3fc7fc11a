import { Result } from "ate-dispatcher-client/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProcesses } from "../support/processes.js";
import { type ScriptedServer, startScriptedServer } from "../support/scripted-server.js";
import { bytesField, LONE_SURROGATE } from "../support/wire-bytes.js";

const processes = createProcesses();
let server: ScriptedServer;
let there: readonly string[];

/** Nested deeper than any client decodes. */
function deep(levels: number): Uint8Array {
  let value: Uint8Array = bytesField(3, "the bottom");
  for (let i = 0; i < levels; i++) value = bytesField(6, bytesField(1, value));
  return value;
}

const good = (value: unknown) =>
  Result.encode(Result.fromPartial({ outcome: { $case: "value", value } })).finish();

/** Results with a malformed Value, bad UTF-8, too many levels, and a malformed error, between good ones. */
const RESULTS = [
  good("first"),
  bytesField(1, Buffer.from([0x1a, 0x7f, 0x61])),
  bytesField(1, bytesField(3, LONE_SURROGATE)),
  bytesField(1, deep(1_000)),
  bytesField(3, Buffer.from([0x12, 0x7f, 0x61])),
  good("last"),
];

beforeAll(async () => {
  server = await startScriptedServer(RESULTS);
  there = ["--address", server.address];
});
afterAll(async () => {
  await processes.stopAll();
  server.close();
});

function events(text: string): readonly Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("a result that cannot be decoded", () => {
  it("is one event of gather; the rest and the summary follow, and the exit code is 1", async () => {
    const { code, stdout, stderr } = await processes.run(["gather", "topic1", "--json", ...there]);

    const seen = events(stdout);
    expect(seen.map(({ event, producer_id }) => [event, producer_id].join(" ").trim())).toEqual([
      ...["acceptance", "result p1", "undecodable p2", "undecodable p3", "undecodable p4", "undecodable p5"],
      ...["result p6", "summary"],
    ]);
    expect(seen[2]).toMatchObject({
      ...{ topic: "topic1", request_id: "r1", ordinal: 2, sequence: "2", more: false, late: false },
      error: { code: 15, reason: "UNDECODABLE_RESULT", message: expect.stringMatching(/cannot be decoded/) },
    });
    expect(events(stderr)).toEqual([
      {
        event: "error",
        exit_code: 1,
        message: "4 results could not be decoded; their producers sent malformed data",
      },
    ]);
    expect(code).toBe(1);
  });

  it("is one line of gather without --json", async () => {
    const { code, stdout, stderr } = await processes.run(["gather", "topic1", ...there]);

    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^topic1 {2}p1 .* "first"$/);
    for (const [i, line] of lines.slice(1, 5).entries()) {
      expect(line).toMatch(new RegExp(`^topic1 {2}p${i + 2} .* error: .*cannot be decoded`));
    }
    expect(lines[5]).toMatch(/^topic1 {2}p6 .* "last"$/);
    expect(lines[6]).toMatch(/^ALL_ANSWERED/);
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^error: 4 results could not be decoded/);
    expect(code).toBe(1);
  });

  it("is one event of listen, which goes on and counts it", async () => {
    const listener = processes.cli(["listen", "topic1", "--count", "6", "--json", ...there]);

    expect(await listener.exit()).toEqual({ code: 0, signal: null });
    expect(events(listener.stdout.all.join("\n")).map(({ event }) => event)).toEqual([
      ...["result", "undecodable", "undecodable", "undecodable", "undecodable", "result"],
    ]);
    expect(listener.stderr.all).toHaveLength(1);
  });
});
