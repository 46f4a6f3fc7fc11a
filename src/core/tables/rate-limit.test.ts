import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RateLimit } from "./rate-limit.js";

describe("the rate limit", () => {
  it("admits everything if it is 0", () => {
    const limit = new RateLimit(0);

    expect(Array.from({ length: 1_000 }, () => limit.take(5)).every((waitMs) => waitMs === 0)).toBe(true);
  });

  it("admits a burst of one second's tokens, and reports how long the next one must wait", () => {
    const limit = new RateLimit(4);

    expect([0, 0, 0, 0, 0].map(() => limit.take(1_000))).toEqual([0, 0, 0, 0, 250]);
    expect([1_125, 1_250, 1_250].map((now) => limit.take(now))).toEqual([125, 0, 250]);
  });

  it("accumulates no more than one second's tokens", () => {
    const limit = new RateLimit(2);
    limit.take(0);

    expect([1e9, 1e9, 1e9].map((now) => limit.take(now))).toEqual([0, 0, 500]);
  });

  it("admits at most its rate plus one burst in any period, and admits after the reported wait", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.oneof(fc.constant(0), fc.nat(400)), { maxLength: 80 }),
        (perSecond, pauses) => {
          const limit = new RateLimit(perSecond);
          const passed: number[] = [];
          let now = 10_000;
          for (const pause of pauses) {
            now += pause;
            const waitMs = limit.take(now);
            if (waitMs === 0) {
              passed.push(now);
            } else {
              now += waitMs;
              expect(limit.take(now)).toBe(0);
              passed.push(now);
            }
          }
          for (const [i, from] of passed.entries()) {
            for (const [j, to] of passed.entries()) {
              if (j >= i)
                expect(j - i + 1).toBeLessThanOrEqual(perSecond + ((to - from) * perSecond) / 1_000 + 1e-6);
            }
          }
        },
      ),
      { numRuns: 100, seed: 1 },
    );
  });
});
