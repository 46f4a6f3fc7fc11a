import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { openCommandStreams } from "./command-streams.js";
import { Stop } from "./exit.js";

function setUp() {
  const [stdout, stderr] = [new PassThrough({ highWaterMark: 1 }), new PassThrough()];
  const stop = new AbortController();
  const host = {
    stdout,
    stderr,
    stop: stop.signal,
    stdin: new PassThrough(),
    environment: {},
    atExit: () => {},
  };
  return { stdout, stop, streams: openCommandStreams(host) };
}

describe("the end of a command", () => {
  it("waits until its output is read", async () => {
    const { stdout, streams } = setUp();
    void streams.stdout.write("all of it");
    const finished = streams.finish(3, () => {});

    expect(String(stdout.read())).toBe("all of it");
    expect(await finished).toBe(3);
  });

  it("has the code of the signal that ended the wait for a reader", async () => {
    const { stop, streams } = setUp();
    void streams.stdout.write("all of it");
    const finished = streams.finish(0, () => {});
    stop.abort(new Stop(143, "SIGTERM"));

    expect(await finished).toBe(143);
  });

  it("keeps the code of a command that a signal has ended before", async () => {
    const { stop, streams } = setUp();
    stop.abort(new Stop(143, "SIGTERM"));

    expect(await streams.finish(0, () => {})).toBe(0);
  });

  it("has code 1 and a text when standard output has failed", async () => {
    const { stdout, streams } = setUp();
    stdout.destroy(Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }));
    await new Promise((resolve) => streams.stop.addEventListener("abort", resolve));
    const reports: unknown[] = [];

    expect(await streams.finish(0, (...report) => reports.push(report))).toBe(1);
    expect(reports).toEqual([[expect.stringMatching(/^standard output .*ENOSPC/), 1]]);
  });

  it.each([
    ["EPIPE", false],
    ["EIO", true],
  ])("has code 0 and no text when the reader has gone away: %s", async (code, isTTY) => {
    const { stdout, streams } = setUp();
    Object.assign(stdout, { isTTY });
    stdout.destroy(Object.assign(new Error(`write ${code}`), { code }));
    await new Promise((resolve) => streams.stop.addEventListener("abort", resolve));

    expect(streams.stop.reason).toMatchObject({ exitCode: 0 });
    expect(await streams.finish(0, () => expect.unreachable())).toBe(0);
  });
});
