import { describe, expect, it } from "vitest";
import { percentile, shuffled, spread } from "./statistics.js";

describe("a spread", () => {
  it("has the middle value of an odd number of values", () => {
    expect(spread([9, 1, 4])).toEqual({ median: 4, min: 1, max: 9 });
  });

  it("has the mean of the middle two values of an even number", () => {
    expect(spread([9, 1, 4, 2])).toEqual({ median: 3, min: 1, max: 9 });
  });
});

describe("a percentile", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it("is the smallest value that this share does not exceed", () => {
    expect([0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 99, 100]);
    expect(percentile([7], 0.5)).toBe(7);
  });

  it("of nothing is not a number", () => {
    expect(percentile([], 0.5)).toBeNaN();
  });
});

describe("shuffling", () => {
  it("keeps every value", () => {
    expect(shuffled([1, 2, 3, 4]).toSorted()).toEqual([1, 2, 3, 4]);
  });
});
