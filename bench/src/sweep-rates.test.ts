import { describe, expect, it } from "vitest";
import { isKnee, nextRate } from "./sweep-rates.js";

/** A server that delivers 16 per request, up to a limit. */
function points(limit: number, ...rates: number[]) {
  return rates.map((rate) => ({ requestsPerSecond: rate, goodput: Math.min(rate * 16, limit) }));
}

describe("a sweep", () => {
  it("doubles the rate while the delivered rate follows", () => {
    expect(nextRate(points(1e9, 1_000, 2_000), 16)).toBe(4_000);
  });

  it("continues in small steps once it does not", () => {
    expect(nextRate(points(50_000, 1_000, 2_000, 4_000), 16)).toBe(5_000);
  });

  it("ends after two rates without more deliveries", () => {
    expect(isKnee(points(50_000, 1_000, 2_000, 4_000), 16)).toBe(false);
    expect(isKnee(points(50_000, 1_000, 2_000, 4_000, 5_000), 16)).toBe(true);
  });

  it("continues while the delivered rate grows", () => {
    const rising = [...points(50_000, 4_000), { requestsPerSecond: 5_000, goodput: 60_000 }];
    expect(isKnee(rising, 16)).toBe(false);
  });
});
