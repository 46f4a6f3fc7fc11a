import { describe, expect, it } from "vitest";
import { BenchTally } from "./bench-tally.js";

/** A tally that starts at 1,000, and the number of requests that have ended. */
function start(deliveriesPerRequest: number) {
  const ends = { count: 0 };
  const tally = new BenchTally(deliveriesPerRequest);
  tally.start(1_000, () => {
    ends.count++;
  });
  return { tally, ends };
}

describe("the tally of a bench", () => {
  it("completes a request after its acceptance and all deliveries, in any order", () => {
    const { tally, ends } = start(2);
    const request = tally.sent(1_000);
    tally.delivered(request, 1_010);
    tally.delivered(request, 1_020);
    expect([ends.count, tally.outstandingCount]).toEqual([0, 1]);

    tally.accepted(request, 1_025);

    expect([ends.count, tally.outstandingCount]).toEqual([1, 0]);
    expect(tally.figures()).toMatchObject({ completedCount: 1, deliveryCount: 2, p50Ms: 25, errors: {} });
  });

  it("counts latency from the time at which a request was due", () => {
    const { tally } = start(1);
    for (let index = 0; index < 100; index++) {
      const request = tally.sent(1_000 + index);
      tally.accepted(request, 1_100);
      tally.delivered(request, 1_100);
    }

    expect(tally.figures()).toMatchObject({ p50Ms: 50, p99Ms: 99, maxMs: 100 });
  });

  it("measures rates until the last delivery", () => {
    const { tally } = start(4);
    const request = tally.sent(1_000);
    tally.accepted(request, 1_001);
    for (let count = 0; count < 4; count++) tally.delivered(request, 1_500);

    expect(tally.figures()).toMatchObject({ elapsedMs: 500, requestsPerSecond: 2, deliveriesPerSecond: 8 });
  });

  it("counts failures by reason, losses, and requests that never completed", () => {
    const { tally, ends } = start(1);
    const [rejected, again, silent] = [tally.sent(1_000), tally.sent(1_000), tally.sent(1_000)];
    tally.failed(rejected, "RATE_LIMIT");
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

  it("has no rates before the first delivery", () => {
    expect(start(1).tally.figures()).toMatchObject({ requestsPerSecond: 0, deliveriesPerSecond: 0 });
  });
});
