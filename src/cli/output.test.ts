import { PassThrough, type Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createOutput, createPaint, sanitize } from "./output.js";
import { OutputStream, type Terminal } from "./output-stream.js";

function terminal(isTTY: boolean): Writable & { readonly isTTY: boolean } {
  return Object.assign(new PassThrough(), { isTTY });
}

function outputTo(stdout: Terminal, stderr: Terminal, isJson: boolean) {
  const never = new AbortController().signal;
  const to = (stream: Terminal) => new OutputStream(stream, never, () => {});
  return createOutput(to(stdout), to(stderr), {}, isJson);
}

function textOf(stream: Writable): string {
  return String((stream as PassThrough).read() ?? "");
}

describe("output", () => {
  it("writes JSON lines, results and notes to separate streams", async () => {
    const [stdout, stderr] = [terminal(false), terminal(false)];
    const output = outputTo(stdout, stderr, true);

    await output.result({ event: "result", text: "a\nb" }, () => "for people");
    output.note({ event: "ready" }, "for people");
    output.warn("careful");

    expect(textOf(stdout)).toBe('{"event":"result","text":"a\\nb"}\n');
    expect(textOf(stderr)).toBe('{"event":"ready"}\n{"event":"warning","message":"careful"}\n');
  });

  it("writes text", async () => {
    const [stdout, stderr] = [terminal(false), terminal(false)];
    const output = outputTo(stdout, stderr, false);

    await output.result({}, () => "a result");
    output.warn("careful");

    expect(textOf(stdout)).toBe("a result\n");
    expect(textOf(stderr)).toBe("warning: careful\n");
  });

  it("has colours only on a terminal without NO_COLOR", () => {
    expect(createPaint(terminal(true), {})("red", "x")).toBe("\u001b[31mx\u001b[0m");
    expect(createPaint(terminal(true), { NO_COLOR: "" })("red", "x")).toBe("\u001b[31mx\u001b[0m");
    expect(createPaint(terminal(true), { NO_COLOR: "1" })("red", "x")).toBe("x");
    expect(createPaint(terminal(true), { TERM: "dumb" })("red", "x")).toBe("x");
    expect(createPaint(terminal(false), {})("red", "x")).toBe("x");
  });

  it("waits for a slow reader", async () => {
    const stdout = Object.assign(new PassThrough({ highWaterMark: 4 }), { isTTY: false });
    const output = outputTo(stdout, terminal(false), false);
    const written = output.result({}, () => "longer than four");

    expect(output.isBehind).toBe(true);
    stdout.resume();
    await written;
    expect(output.isBehind).toBe(false);
  });

  it("escapes control characters in a peer's text", () => {
    expect(sanitize("a\u001b[2Jb\u0007\u009bc\u202ed\te ü")).toBe(
      "a\\u001b[2Jb\\u0007\\u009bc\\u202ed\\u0009e ü",
    );
    expect(sanitize("first \n  second\rthird")).toBe("first ⏎ second\\u000dthird");
  });

  it("escapes in time that grows with the text alone", () => {
    const spaces = " ".repeat(1_000_000);

    expect(sanitize(`${spaces}x\n${spaces}y`)).toBe(`${spaces}x ⏎ y`);
  });
});
