import { describe, expect, it } from "vitest";
import { createDeferred } from "../src/async/deferred.js";
import type { DispatcherError, Gap, ResultDelivery } from "../src/index.js";
import { connectListener, take } from "./connected-listener.js";
import { delivery, summary, toListener } from "./messages.js";
import { roundTrip, usePeers } from "./peers.js";

const peers = usePeers();

describe("results", () => {
  it("are passed to onResult in order, one at a time", async () => {
    const seen: unknown[] = [];
    const done = createDeferred<void>();
    const { call } = await connectListener(peers, {
      onResult: async ({ value }) => {
        seen.push(`begin ${value}`);
        await Promise.resolve();
        seen.push(`end ${value}`);
        if (value === 2) done.resolve();
      },
    });

    call.send(toListener(delivery("topic1", 1n), delivery("topic1", 2n)));
    await done.promise;

    expect(seen).toEqual(["begin 1", "end 1", "begin 2", "end 2"]);
  });

  it("carry all fields", async () => {
    const { listener, call } = await connectListener(peers);
    call.send(
      toListener(
        delivery("topic1", 1n, {
          requestId: "r",
          producerId: "p",
          group: "g",
          ordinal: 4,
          more: true,
          latency: { seconds: 1n, nanos: 500_000 },
          receiveTime: { seconds: 1_790_000_000n, nanos: 5_000_000 },
          context: { traceparent: "00-1" },
        }),
      ),
    );

    const { value: result } = await listener[Symbol.asyncIterator]().next();

    expect(result).toMatchObject({
      requestId: "r",
      topic: "topic1",
      producerId: "p",
      group: "g",
      ordinal: 4,
      more: true,
      sequence: 1n,
      late: false,
      latencyMs: 1000.5,
      receiveTime: new Date(1_790_000_000_005),
      context: { traceparent: "00-1" },
      kind: "value",
    });
  });

  it("that are malformed fail one by one, on access", async () => {
    const { listener, call } = await connectListener(peers);
    const results = listener[Symbol.asyncIterator]();

    call.sendRaw(malformedDelivery());
    call.send(toListener(delivery("topic1", 1n)));
    const malformed = (await results.next()).value as ResultDelivery;
    const fine = (await results.next()).value as ResultDelivery;

    expect(malformed.topic).toBe("topic1");
    expect(() => malformed.value).toThrow(expect.objectContaining({ reason: "UNDECODABLE_RESULT" }));
    expect(fine.value).toBe(1);
  });

  it("of a topic whose numbering restarts are not taken for duplicates", async () => {
    const { listener, call } = await connectListener(peers);

    call.send(toListener(delivery("topic1", 1n), delivery("topic1", 2n), delivery("topic1", 1n)));

    expect(await take(listener, 3)).toEqual([1, 2, 1]);
  });

  it("end the loop when the listener is closed", async () => {
    const { listener, call } = await connectListener(peers);
    const seen: unknown[] = [];

    call.send(toListener(delivery("topic1", 1n)));
    for await (const { value } of listener) {
      seen.push(value);
      await listener.close();
    }

    expect(seen).toEqual([1]);
    await call.clientEnded;
    await listener.closed;
  });

  it("cannot be iterated over when they go to onResult", async () => {
    const { listener } = await connectListener(peers, { onResult: () => {} });

    expect(() => listener[Symbol.asyncIterator]()).toThrow(/go to onResult/);
  });

  it("pause the server while they are not taken, and all arrive when they are", async () => {
    const { listener, call } = await connectListener(peers);
    const [messages, perMessage] = [64, 1024];
    const padding = "x".repeat(64);
    let sequence = 0n;

    for (let message = 0; message < messages; message++) {
      const batch = Array.from({ length: perMessage }, () => {
        sequence += 1n;
        return delivery("topic1", sequence, { context: { padding } });
      });
      call.send(toListener(...batch));
    }
    await roundTrip(peers);
    expect(call.isCongested).toBe(true);

    const values = await take(listener, messages * perMessage);
    expect(values.at(-1)).toBe(messages * perMessage);
    expect(call.isCongested).toBe(false);
  });
});

describe("gaps and summaries", () => {
  it("keep their place among the results", async () => {
    const seen: unknown[] = [];
    const done = createDeferred<void>();
    const gaps: Gap[] = [];
    const { call } = await connectListener(peers, {
      onResult: async ({ value }) => {
        await Promise.resolve();
        seen.push(value);
      },
      onGap: (gap) => {
        gaps.push(gap);
        seen.push("gap");
      },
      onSummary: ({ requestId, reason }) => {
        seen.push(`${requestId} ${reason}`);
        done.resolve();
      },
    });
    const gap = { topic: "topic1", reason: 1, from: 2n, to: 3n, lostCount: 2n } as const;

    call.send(
      toListener(
        delivery("topic1", 1n),
        { $case: "gap", value: gap },
        delivery("topic1", 4n),
        summaryOf("r"),
      ),
    );
    await done.promise;

    expect(seen).toEqual([1, "gap", 4, "r ALL_ANSWERED"]);
    expect(gaps).toEqual([{ ...gap, reason: "SLOW_LISTENER" }]);
  });

  it("are not stopped by a callback that throws; the session reports it", async () => {
    const faults: DispatcherError[] = [];
    const done = createDeferred<void>();
    const { call } = await connectListener(peers, {
      onResult: async ({ value }) => {
        if (value === 1) throw new Error("sync or async");
        done.resolve();
      },
      onStatus: (change) => {
        if (change.type === "fault") faults.push(change.error);
      },
    });

    call.send(toListener(delivery("topic1", 1n), delivery("topic1", 2n)));
    await done.promise;

    expect(faults).toMatchObject([{ reason: "CALLBACK_FAILED", details: "onResult failed: sync or async" }]);
  });
});

function summaryOf(requestId: string) {
  return { $case: "summary", value: summary(requestId).value } as const;
}

/** A ListenResponse with a delivery on topic1 whose result is not valid protobuf. */
function malformedDelivery(): Buffer {
  const bytes = Buffer.concat([Buffer.from([18, 6]), Buffer.from("topic1"), Buffer.from([98, 1, 0xff])]);
  return Buffer.concat([Buffer.from([10, bytes.length + 2, 10, bytes.length]), bytes]);
}
