import { describe, expect, it } from "vitest";
import { ClosedLoop } from "./closed-loop.js";
import { createPayload, ResultPayloads } from "./payload.js";

const SHAPE = { producers: 2, listeners: 2, payloadBytes: 32, window: 2 };
const payloads = new ResultPayloads(SHAPE.payloadBytes);

function start() {
  const sent: number[] = [];
  const failures: string[] = [];
  const loop = new ClosedLoop(SHAPE, payloads, ({ message }) => failures.push(message));
  loop.start((sequence) => sent.push(sequence));
  const deliver = (sequence: number, listener: number, producer: number, payload = payloads) =>
    loop.delivered(listener, createPayload(payload, sequence, producer), 0, payload.byteLength);
  const complete = (sequence: number) => {
    loop.accepted(sequence);
    for (const listener of [0, 1]) for (const producer of [0, 1]) deliver(sequence, listener, producer);
  };
  return { loop, sent, failures, deliver, complete };
}

describe("a closed loop", () => {
  it("fills its window and starts a request when one completes", () => {
    const { loop, sent, complete, failures } = start();
    expect(sent).toEqual([0, 1]);

    complete(1);

    expect(sent).toEqual([0, 1, 3]);
    expect(loop.completedCount).toBe(1);
    expect(failures).toEqual([]);
  });

  it("does not complete a request before its own call has succeeded", () => {
    const { loop, deliver } = start();
    for (const listener of [0, 1]) for (const producer of [0, 1]) deliver(0, listener, producer);
    expect(loop.completedCount).toBe(0);

    loop.accepted(0);

    expect(loop.completedCount).toBe(1);
  });

  it("stops when the outstanding requests are complete", async () => {
    const { loop, sent, complete } = start();
    const stopped = loop.stop();
    expect(loop.describeOutstanding()).toContain("2 requests are outstanding; request 0 lacks 5 of 5");
    complete(0);
    complete(1);

    await stopped;

    expect(sent).toEqual([0, 1]);
    expect(() => loop.checkTotals()).not.toThrow();
  });

  it("reports a delivery of a completed request", () => {
    const { complete, deliver, failures } = start();
    complete(0);
    deliver(0, 0, 0);
    expect(failures).toEqual(["an event came for request 0, which is not outstanding"]);
  });

  it("reports a delivery to the wrong listener", async () => {
    const { loop, deliver, complete } = start();
    const stopped = loop.stop();
    complete(0);
    loop.accepted(1);
    for (let count = 0; count < 4; count++) deliver(1, 0, count % 2);
    await stopped;
    expect(() => loop.checkTotals()).toThrow("listener 0 got 6 results, not 4");
  });

  it("reports a payload of the wrong length or with the wrong content", () => {
    const { loop, deliver, failures } = start();
    deliver(0, 0, 0, new ResultPayloads(31));
    const altered = createPayload(payloads, 0, 0);
    altered[20] = 0;
    loop.delivered(0, altered, 0, altered.length);
    expect(failures).toEqual(["a payload of 31 bytes came, not 32", "a delivered payload was altered"]);
  });
});
