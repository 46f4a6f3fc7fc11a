import { describe, expect, it } from "vitest";
import { OpenLoop } from "./open-loop.js";
import { createPayload, ResultPayloads } from "./payload.js";

const SHAPE = { producers: 2, listeners: 1, payloadBytes: 32, window: 0 };
const payloads = new ResultPayloads(SHAPE.payloadBytes);

function start() {
  const clock = { now: 0 };
  const failures: string[] = [];
  const loop = new OpenLoop(
    SHAPE,
    payloads,
    ({ message }) => failures.push(message),
    () => clock.now,
  );
  const deliver = (sequence: number, producer: number) =>
    loop.delivered(0, createPayload(payloads, sequence, producer), 0, SHAPE.payloadBytes);
  const complete = (sequence: number) => {
    loop.accepted(sequence);
    for (const producer of [0, 1]) deliver(sequence, producer);
  };
  return { loop, clock, failures, deliver, complete };
}

describe("an open loop", () => {
  it("counts latency from the intended time of a request", () => {
    const { loop, clock, complete } = start();
    // The sender was held up: it sends the request of 10 ms at 25 ms.
    clock.now = 25;
    loop.begin(0, 10);
    clock.now = 27;
    complete(0);

    expect(loop.latenciesBetween(0, 100)).toEqual([17]);
  });

  it("reports latencies of the measured time only", () => {
    const { loop, clock, complete } = start();
    for (const [sequence, dueAt] of [10, 20, 30].entries()) {
      loop.begin(sequence, dueAt);
      clock.now = dueAt + 5 + sequence;
      complete(sequence);
    }

    expect(loop.latenciesBetween(20, 30)).toEqual([6]);
    expect(loop.completedCount).toBe(3);
  });

  it("holds a request until its call and every delivery have come", () => {
    const { loop, deliver } = start();
    loop.begin(0, 0);
    for (const producer of [0, 1]) deliver(0, producer);
    expect([loop.completedCount, loop.outstandingCount, loop.deliveredCount]).toEqual([0, 1, 2]);

    loop.accepted(0);

    expect([loop.completedCount, loop.outstandingCount]).toEqual([1, 0]);
    expect(() => loop.checkTotals()).not.toThrow();
  });

  it("counts shed requests and lost results", () => {
    const { loop } = start();
    loop.begin(0, 0);
    loop.shed(0);
    loop.lost(3);
    expect([loop.shedCount, loop.lostCount, loop.outstandingCount]).toEqual([1, 3, 0]);
  });

  it("reports a delivery of a completed request", () => {
    const { loop, complete, deliver, failures } = start();
    loop.begin(0, 0);
    complete(0);
    deliver(0, 0);
    expect(failures).toEqual(["an event came for request 0, which is not outstanding"]);
  });
});
