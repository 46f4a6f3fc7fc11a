import { describe, expect, it } from "vitest";
import type { Logger } from "../ports/logger.js";
import { createActivityLog } from "./activity-log.js";
import { createSafeLogger } from "./safe-logger.js";

function setUp() {
  const lines: (readonly [object, string])[] = [];
  const ignore = () => {};
  const debug: Logger["debug"] = (fields, message) => lines.push([fields, message]);
  const logger = createSafeLogger({ debug, info: ignore, warn: ignore, error: ignore }, "debug");
  const clock = { at: 0, now: () => clock.at, timeOfDay: (at: number) => at };
  return { lines, clock, log: createActivityLog(logger, clock) };
}

describe("the activity log", () => {
  it("logs 100 lines of a message in a second, and then says how many it left out", () => {
    const { lines, clock, log } = setUp();
    for (let i = 0; i < 350; i++) log.write("call refused", {});
    expect(lines).toHaveLength(100);
    clock.at = 1_000;
    log.write("call refused", {});
    log.write("call refused", {});

    expect(lines.slice(100)).toEqual([
      [{ suppressedCount: 250 }, "call refused"],
      [{}, "call refused"],
    ]);
  });

  it("bounds each message by itself", () => {
    const { lines, log } = setUp();
    for (let i = 0; i < 350; i++) log.write("call refused", {});
    log.write("session ended", {});

    expect(lines.at(-1)).toEqual([{}, "session ended"]);
  });

  it("cuts and escapes texts and lists of texts, and leaves out what is undefined", () => {
    const { lines, log } = setUp();
    const fields = Array.from({ length: 100 }, () => "\u0007");
    log.write("call refused", { peer: "\u202e\n", text: "x".repeat(1_000), code: 5, fields, id: undefined });

    expect(lines[0]?.[0]).toEqual({
      ...{ peer: "\\u202e\\u000a", text: `${"x".repeat(256)}...`, code: 5 },
      fields: Array.from({ length: 20 }, () => "\\u0007"),
    });
  });
});
