import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { createLineLog } from "./line-log.js";

function setUp() {
  const stream = new PassThrough();
  const lines = () =>
    String(stream.read() ?? "")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { lines, logger: createLineLog(stream, "info").logger };
}

/** An error of which nothing can be read. */
function unreadable(): Error {
  return new Proxy(new Error("hidden"), {
    get() {
      throw new Error("getter");
    },
  });
}

const circular: Record<string, unknown> = {};
circular["self"] = circular;

describe("a line log", () => {
  it.each([
    ["an error", () => new TypeError("wrong"), { type: "TypeError", message: "wrong" }],
    ["a frozen error", () => Object.freeze(new Error("frozen")), { type: "Error", message: "frozen" }],
    ["an unreadable error", unreadable, { type: "(cannot be read)", stack: "(cannot be read)" }],
    ["an object without a prototype", () => Object.create(null), { message: "(cannot be read)" }],
    ["a number", () => 5, { type: "number", message: "5", stack: "" }],
  ])("shows %s that was thrown", (_, thrown, shown) => {
    const { lines, logger } = setUp();
    logger.error({ err: thrown() }, "a bug");

    expect(lines()).toMatchObject([{ level: 50, msg: "a bug", err: shown }]);
  });

  it("cuts the texts of an error", () => {
    const { lines, logger } = setUp();
    logger.error({ err: new Error("x".repeat(1_000_000)) }, "a bug");

    expect(JSON.stringify(lines()).length).toBeLessThan(50_000);
  });

  it("escapes what a terminal or a reader of lines would obey, and keeps the value", () => {
    const stream = new PassThrough();
    const hostile = "\u001b[2J\u007f\u009b2J\u061c\u200e\u2028\u2029\u202e\u2066 ä";
    createLineLog(stream, "info").logger.info({ [hostile]: [hostile], err: new Error(hostile) }, hostile);
    const line = String(stream.read());

    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]./u);
    expect(JSON.parse(line)).toMatchObject({ [hostile]: [hostile], err: { message: hostile }, msg: hostile });
  });

  it("writes a line with a circular field", () => {
    const { lines, logger } = setUp();
    logger.info({ circular }, "a circle");

    expect(lines()).toMatchObject([{ msg: "a circle" }]);
  });
});
