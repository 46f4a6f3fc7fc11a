import { describe, expect, it } from "vitest";
import { BenchTally } from "./bench-tally.js";

/** A tally that began at 1,000, with the number of requests that have ended. */
function start(deliveriesPerRequest: number) {
  const ends = { count: 0 };
  const tally = new BenchTally(deliveriesPerRequest);
  tally.begun(1_000, () => {
    ends.count++;
  });
  return { tally, ends };
}

describe("the tally of a bench", () => {
  it("ends a request when it was taken and everything was heard, in whatever order", () => {
    const { tally, ends } = start(2);
    const request = tally.begin(1_000);
    tally.heard(request, 1_010);
    tally.heard(request, 1_020);
    expect([ends.count, tally.outstandingCount]).toEqual([0, 1]);

    tally.accepted(request, 1_025);

    expect([ends.count, tally.outstandingCount]).toEqual([1, 0]);
    expect(tally.figures()).toMatchObject({ completedCount: 1, deliveryCount: 2, p50Ms: 25, errors: {} });
  });

  it("counts latency from the time at which a request was due", () => {
    const { tally } = start(1);
    for (let index = 0; index < 100; index++) {
      const request = tally.begin(1_000 + index);
      tally.accepted(request, 1_100);
      tally.heard(request, 1_100);
    }

    expect(tally.figures()).toMatchObject({ p50Ms: 50, p99Ms: 99, maxMs: 100 });
  });

  it("reckons rates until the last result", () => {
    const { tally } = start(4);
    const request = tally.begin(1_000);
    tally.accepted(request, 1_001);
    for (let count = 0; count < 4; count++) tally.heard(request, 1_500);

    expect(tally.figures()).toMatchObject({ elapsedMs: 500, requestsPerSecond: 2, deliveriesPerSecond: 8 });
  });

  it("tells failures by reason, losses, and what never ended", () => {
    const { tally, ends } = start(1);
    const [refused, again, silent] = [tally.begin(1_000), tally.begin(1_000), tally.begin(1_000)];
    tally.failed(refused, "RATE_LIMIT");
    tally.failed(again, "RATE_LIMIT");
    tally.failed(again, "RATE_LIMIT");
    tally.accepted(silent, 1_001);
    tally.lost(3);

    expect(ends.count).toBe(2);
    expect(tally.figures()).toMatchObject({
      completedCount: 0,
      lostCount: 3,
      errors: { RATE_LIMIT: 2, INCOMPLETE: 1 },
      p50Ms: undefined,
    });
  });

  it("has no rates before anything was heard", () => {
    expect(start(1).tally.figures()).toMatchObject({ requestsPerSecond: 0, deliveriesPerSecond: 0 });
  });
});
