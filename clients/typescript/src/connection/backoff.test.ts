import { describe, expect, it } from "vitest";
import { Backoff } from "./backoff.js";

const NO_JITTER = () => 0.5;

describe("a backoff", () => {
  it("grows up to the maximum delay", () => {
    const backoff = new Backoff({ initialDelayMs: 100, maxDelayMs: 500, multiplier: 2 }, NO_JITTER);

    expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([100, 200, 400, 500, 500]);
  });

  it("restarts with the first delay after a reset", () => {
    const backoff = new Backoff({ initialDelayMs: 100 }, NO_JITTER);
    backoff.next();
    backoff.next();

    backoff.reset();

    expect(backoff.next()).toBe(100);
  });

  it.each([
    [0, 80],
    [1, 120],
  ])("varies by at most the jitter: random %d", (random, delayMs) => {
    expect(new Backoff({ initialDelayMs: 100, jitter: 0.2 }, () => random).next()).toBeCloseTo(delayMs);
  });

  it("applies the jitter to each delay, but not to the growth", () => {
    const backoff = new Backoff({ initialDelayMs: 100, multiplier: 2, jitter: 0.5 }, () => 1);

    expect([backoff.next(), backoff.next()]).toEqual([150, 300]);
  });
});
