import { describe, expect, it } from "vitest";
import type { Logger } from "../ports/logger.js";
import { createSafeLogger } from "./safe-logger.js";

/** A logger that records its lines, and fails as long as `failure` is set. */
function recorder() {
  const lines: unknown[][] = [];
  const state = { failure: undefined as (() => unknown) | undefined };
  const at = (level: string) => (fields: object, message: string) => {
    if (state.failure) return state.failure();
    lines.push([level, fields, message]);
    return undefined;
  };
  const logger = {
    ...{ trace: at("trace"), debug: at("debug"), info: at("info") },
    warn: at("warn"),
    error: at("error"),
  };
  return { lines, state, logger: logger as Logger };
}

describe("a safe logger", () => {
  it("drops lines below the level, without asking the logger", () => {
    const { lines, logger } = recorder();
    const safe = createSafeLogger(logger, "warn");
    for (const level of ["trace", "debug", "info", "warn", "error"] as const) safe[level]({}, level);

    expect(lines).toEqual([
      ["warn", {}, "warn"],
      ["error", {}, "error"],
    ]);
    expect(safe.isLevelEnabled("info")).toBe(false);
    expect(safe.isLevelEnabled("error")).toBe(true);
  });

  it("asks the logger for the level as well", () => {
    const { lines, logger } = recorder();
    const safe = createSafeLogger({ ...logger, isLevelEnabled: (level) => level !== "debug" }, "trace");
    safe.debug({}, "a");
    safe.trace({}, "b");

    expect(lines).toEqual([["trace", {}, "b"]]);
  });

  it("accepts a logger without trace", () => {
    const { trace: _, ...logger } = recorder().logger;

    createSafeLogger(logger, "trace").trace({}, "a");
  });

  it("counts lines on which the logger throws, and tells of them when it works again", () => {
    const { lines, state, logger } = recorder();
    const safe = createSafeLogger(logger, "info");
    state.failure = () => {
      throw new Error("the disk is full");
    };
    safe.error({}, "a");
    safe.info({}, "b");
    state.failure = undefined;
    safe.info({}, "c");

    expect(lines).toEqual([
      ["info", {}, "c"],
      ["warn", { count: 2, error: "the logger failed" }, "log lines were lost"],
    ]);
  });

  it("handles the rejection of an asynchronous logger", async () => {
    const { state, logger } = recorder();
    state.failure = () => Promise.reject(new Error("the network is down"));
    createSafeLogger(logger, "info").info({}, "a");

    // An unhandled rejection would fail the test run.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("survives a logger whose level cannot be asked", () => {
    const { lines, logger } = recorder();
    const isLevelEnabled = () => {
      throw new Error("no level");
    };
    createSafeLogger({ ...logger, isLevelEnabled }, "info").info({}, "a");

    expect(lines).toHaveLength(1);
  });
});
