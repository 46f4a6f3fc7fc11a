import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { forTerminal, OutputStream } from "./output-stream.js";

/** A stream whose writes fail. */
function failing(code: string): { readonly stream: Writable; readonly writes: () => number } {
  let writes = 0;
  const stream = new Writable({
    autoDestroy: false,
    highWaterMark: 1,
    write(_chunk, _encoding, done) {
      writes++;
      done(Object.assign(new Error(`write ${code}`), { code }));
    },
  });
  return { stream, writes: () => writes };
}

describe("an output stream", () => {
  it("reports its first failure, and drops later texts", async () => {
    const { stream, writes } = failing("EPIPE");
    const failures: string[] = [];
    const output = new OutputStream(stream, new AbortController().signal, ({ code }) => failures.push(code));

    await output.write("first");
    await output.write("second");
    await output.flush();

    expect([writes(), failures, output.failure?.code]).toEqual([1, ["EPIPE"], "EPIPE"]);
  });

  it("waits for a slow reader, and flushes all", async () => {
    const stream = new PassThrough({ highWaterMark: 4 });
    const output = new OutputStream(stream, new AbortController().signal, () => {});
    const written = output.write("longer than four").then(() => output.flush());

    expect(output.isBehind).toBe(true);
    expect(String(stream.read())).toBe("longer than four");
    await written;
    expect(output.isBehind).toBe(false);
  });

  it("waits for nobody in a hurry, and drops what the reader does not take", async () => {
    const stream = new PassThrough({ highWaterMark: 4 });
    const hurry = new AbortController();
    const output = new OutputStream(stream, hurry.signal, () => {});
    const written = Promise.all([output.write("longer than four"), output.flush()]);
    hurry.abort();

    await written;
    await output.write("dropped");
    await output.flush();
    expect(String(stream.read())).toBe("longer than four");
    expect(stream.read()).toBeNull();
  });
});

describe("a text for a terminal", () => {
  it("has no character that a terminal obeys, except for ends of lines and colours", () => {
    expect(forTerminal("\u001b[31merror\u001b[0m\tm\r\nm\u009b31m\u001b[2J\u001b]0;t\u0007\u202e\n")).toBe(
      "\u001b[31merror\u001b[0m\\u0009m\\u000d\nm\\u009b31m\\u001b[2J\\u001b]0;t\\u0007\\u202e\n",
    );
  });
});
