import { once } from "node:events";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { LogStream } from "./log-stream.js";

/** A stream whose writes wait until `answer` ends them. */
class Held extends Writable {
  readonly written: string[] = [];
  private readonly held: ((error?: Error) => void)[] = [];

  constructor() {
    super({ autoDestroy: false, decodeStrings: false });
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.held.push((error) => {
      if (!error) this.written.push(chunk);
      done(error);
    });
  }

  async answer(error?: Error): Promise<void> {
    this.held.shift()?.(error);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A stream that is never in an errored state, as standard error is. */
class Failing extends Held {
  failure: Error | undefined = undefined;

  override write(text: unknown, done?: unknown): boolean {
    if (!this.failure) return super.write(text, done as () => void);
    this.emit("error", this.failure);
    (done as (error: Error) => void)(this.failure);
    return false;
  }
}

const setUp = <T extends Writable>(stream: T) => ({
  stream,
  log: new LogStream(stream, ({ count, error }) => `lost ${count}: ${error}\n`),
});

const soon = () => AbortSignal.timeout(30_000);

describe("a log stream", () => {
  it("writes lines in their order, and settles when all are written", async () => {
    const { stream, log } = setUp(new Held());
    log.write("a\n");
    log.write("b\n");
    const settled = log.settled(soon());
    await stream.answer();
    await stream.answer();
    await settled;

    expect(stream.written).toEqual(["a\n", "b\n"]);
  });

  it("drops lines beyond 4 MiB for a slow reader, and tells how many when the reader has caught up", async () => {
    const { stream, log } = setUp(new Held());
    const line = `${"x".repeat(1024 * 1024 - 1)}\n`;
    for (let i = 0; i < 7; i++) log.write(line);
    expect(stream.writableLength).toBeLessThanOrEqual(4 * 1024 * 1024);
    for (let i = 0; i < 5; i++) await stream.answer();

    expect(stream.written.slice(0, 4)).toEqual([line, line, line, line]);
    expect(stream.written.slice(4)).toEqual(["lost 3: the reader is too slow\n"]);
  });

  it("counts the lines of writes that fail, and those that tell of a loss, until one succeeds", async () => {
    const { stream, log } = setUp(new Failing());
    stream.failure = new Error("ENOSPC");
    for (const line of ["a\n", "b\n"]) log.write(line);
    stream.failure = undefined;
    log.write("c\n");
    stream.failure = new Error("EIO");
    await stream.answer();
    stream.failure = undefined;
    log.write("d\n");
    await stream.answer();
    await stream.answer();

    expect(stream.written).toEqual(["c\n", "d\n", "lost 2: EIO\n"]);
  });

  it("survives a stream that throws", () => {
    const { stream, log } = setUp(new Held());
    stream.write = () => {
      throw new Error("EBADF");
    };
    log.write("a\n");
  });

  it("does not wait for a reader beyond the given time", async () => {
    const { log } = setUp(new Held());
    log.write("a\n");

    await log.settled(AbortSignal.abort());
    const timeout = AbortSignal.timeout(1);
    await Promise.all([once(timeout, "abort"), log.settled(timeout)]);
  });

  it("adds one listener to a stream that several logs share", () => {
    const { stream } = setUp(new Held());
    for (let i = 0; i < 20; i++) setUp(stream);

    expect(stream.listenerCount("error")).toBe(1);
  });
});
