import { describe, expect, it } from "vitest";
import type { Measurement } from "./measurement.js";
import { heading, lineOf, size, toldText } from "./table.js";

const MEASUREMENT: Measurement = {
  name: "an-attack",
  sentBytes: 502,
  decompressedBytes: 480_000,
  heldMs: 46_000.4,
  heldWallMs: 46_100,
  isStillHeld: false,
  rss: { before: 90, during: 215.4, after: 91 },
  serverBudgetMb: undefined,
  loggedBytes: 0,
  p99: { before: 10, during: 30, after: 15 },
  honest: { answered: 49, total: 50 },
  ended: undefined,
  isAllowed: false,
  problems: [],
  told: {},
  attackError: undefined,
};

describe("the table", () => {
  it("has one line for an attack, in the columns of the heading", () => {
    const line = lineOf(MEASUREMENT, ["loop held", "1 unanswered"]);
    expect(line.replace(/ {2,}/g, " | ")).toBe(
      "an-attack | 502 B | 469 KiB | 46000 | 46100 | 90/215/91 | 10/30/15 | 49/50 | FAIL (loop held, 1 unanswered); told nothing",
    );
    expect(line.indexOf("FAIL")).toBe(heading().indexOf("verdict"));
  });

  it("marks a figure that is a minimum", () => {
    expect(lineOf({ ...MEASUREMENT, isStillHeld: true }, [])).toContain(">46000");
  });

  it("shows what the attacker was told, the most frequent first, and counts the rest", () => {
    expect(toldText({ OK: 2, "GOAWAY NO_ERROR": 1, "RESOURCE_EXHAUSTED PENDING_LIMIT": 7 })).toBe(
      "7x RESOURCE_EXHAUSTED PENDING_LIMIT, 2x OK, GOAWAY NO_ERROR",
    );
    expect(toldText({ a: 6, b: 5, c: 4, d: 3, e: 2, f: 1 })).toBe("6x a, 5x b, 4x c, 3x d, 2 more kinds");
  });

  it.each([
    [0, "0 B"],
    [1_023, "1023 B"],
    [1_024, "1.0 KiB"],
    [470_000, "459 KiB"],
    [5 * 1_024 * 1_024, "5.0 MiB"],
  ])("shows %s bytes as %s", (bytes, shown) => {
    expect(size(bytes)).toBe(shown);
  });
});
