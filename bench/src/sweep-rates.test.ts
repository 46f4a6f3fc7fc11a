import { describe, expect, it } from "vitest";
import { isKnee, nextRate } from "./sweep-rates.js";

/** A server that delivers 16 per request, up to a limit. */
function points(limit: number, ...rates: number[]) {
  return rates.map((rate) => ({ requestsPerSecond: rate, goodput: Math.min(rate * 16, limit) }));
}

describe("a sweep", () => {
  it("doubles the rate while everything that is offered comes out", () => {
    expect(nextRate(points(1e9, 1_000, 2_000), 16)).toBe(4_000);
  });

  it("goes on in small steps once it does not", () => {
    expect(nextRate(points(50_000, 1_000, 2_000, 4_000), 16)).toBe(5_000);
  });

  it("ends when more was offered twice and no more came out", () => {
    expect(isKnee(points(50_000, 1_000, 2_000, 4_000), 16)).toBe(false);
    expect(isKnee(points(50_000, 1_000, 2_000, 4_000, 5_000), 16)).toBe(true);
  });

  it("goes on while more comes out, if not all of it", () => {
    const rising = [...points(50_000, 4_000), { requestsPerSecond: 5_000, goodput: 60_000 }];
    expect(isKnee(rising, 16)).toBe(false);
  });
});
