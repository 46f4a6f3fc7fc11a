import { describe, expect, it } from "vitest";
import { dateFromTimestamp, durationFromMs, msFromDuration } from "./duration.js";

describe("a duration", () => {
  it.each([
    [0, 0n, 0],
    [1, 0n, 1_000_000],
    [4000, 4n, 0],
    [1500.25, 1n, 500_250_000],
    [999.9999999, 1n, 0],
    [-1500, -1n, -500_000_000],
    [315_576_000_000_000, 315_576_000_000n, 0],
  ])("of %d ms is %d s and %d ns", (ms, seconds, nanos) => {
    expect(durationFromMs(ms)).toEqual({ seconds, nanos });
    expect(msFromDuration({ seconds, nanos })).toBeCloseTo(ms, 5);
  });

  it("that is absent is 0", () => {
    expect(msFromDuration(undefined)).toBe(0);
  });
});

describe("a timestamp", () => {
  it("is rounded down to the millisecond, also before the epoch", () => {
    expect(dateFromTimestamp({ seconds: 1n, nanos: 999_999_999 })).toEqual(new Date(1999));
    expect(dateFromTimestamp({ seconds: -1n, nanos: 500_000_000 })).toEqual(new Date(-500));
  });
});
