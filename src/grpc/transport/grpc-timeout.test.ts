import { describe, expect, it } from "vitest";
import { parseTimeout } from "./grpc-timeout.js";

describe("a grpc-timeout", () => {
  it.each([
    ["0S", 0],
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3_000],
    ["4m", 4],
    ["500u", 0.5],
    ["500000n", 0.5],
    [" 5S ", 5_000],
    ["00000001S", 1_000],
    ["99999999H", 359_999_996_400_000],
  ])("of %j is %s ms", (text, ms) => {
    expect(parseTimeout(text)).toBe(ms);
  });

  it.each([
    "",
    "S",
    "5",
    "5x",
    "5 S",
    "-5S",
    "+5S",
    "1.5S",
    "1e3S",
    "999999999S",
    "5S, 6S",
    "x5S",
    "5Sx",
    "٥S",
  ])("of %j is malformed", (text) => {
    expect(parseTimeout(text)).toBeUndefined();
  });
});
