import { DispatcherError } from "ate-dispatcher-client";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../config/error.js";
import { CliError, explain, Stop } from "./exit.js";

describe("an error", () => {
  it.each<[error: unknown, exitCode: number, text: string | undefined]>([
    [new Stop(130, "SIGINT"), 130, undefined],
    [new CliError("wrong", 2), 2, "wrong"],
    [new ConfigError(["a: b", "c: d"]), 2, "configuration\n  a: b\n  c: d"],
    [new DispatcherError({ code: 3, details: "bad topic" }), 1, "INVALID_ARGUMENT: bad topic"],
    [
      new DispatcherError({ code: 9, reason: "NO_PRODUCERS", details: "nobody" }),
      3,
      "FAILED_PRECONDITION: nobody",
    ],
    [new DispatcherError({ code: 14, details: "gone" }), 4, "UNAVAILABLE: gone"],
    [new DispatcherError({ code: 4, details: "no answer" }), 4, "DEADLINE_EXCEEDED: no answer"],
    [
      new DispatcherError({ code: 4, reason: "DEADLINE_TOO_SHORT", details: "too short" }),
      1,
      "DEADLINE_EXCEEDED: too short",
    ],
    [Object.assign(new Error("EACCES: no"), { syscall: "open" }), 1, "EACCES: no"],
  ])("%s ends the program with its code and text", (error, exitCode, text) => {
    expect(explain(error)).toEqual({ exitCode, text });
  });

  it("of a bug shows its stack", () => {
    expect(explain(new TypeError("oops")).text).toMatch(/^bug in ate-dispatcher: TypeError: oops\n +at /);
  });

  it("without a readable text has an exit code all the same", () => {
    const text = "bug in ate-dispatcher: an error whose text cannot be read";
    expect(explain(Object.create(null))).toEqual({ exitCode: 1, text });
  });
});
