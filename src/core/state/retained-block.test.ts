import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Deliver } from "../vocabulary/effect.js";
import { MIN_LARGE_BYTES, NO_CONTEXT, NO_LANE, NO_SESSIONS } from "../vocabulary/model.js";
import { contextBytes } from "./costs.js";
import { RetainedBlock } from "./retained-block.js";

const CONTEXT = [["traceparent", "00-1-2-01"]] as const;

const arbitraryDelivery: fc.Arbitrary<Deliver> = fc
  .record({
    requestId: fc.string(),
    requester: fc.string(),
    producerId: fc.string(),
    principal: fc.string(),
    group: fc.string(),
    ordinal: fc.nat(),
    more: fc.boolean(),
    sequence: fc.maxSafeInteger(),
    latencyMs: fc.double({ noNaN: true }),
    receivedAt: fc.double({ noNaN: true }),
    context: fc.constantFrom(NO_CONTEXT, CONTEXT),
    payloadBytes: fc.oneof(fc.nat(300), fc.constantFrom(0, 65_535, 65_536, 100_000)),
  })
  .map(({ payloadBytes, ...fields }) => ({
    kind: "deliver" as const,
    lane: NO_LANE,
    audience: NO_SESSIONS,
    callers: [],
    topic: "t",
    late: false,
    payload: new Uint8Array(payloadBytes).fill(fields.ordinal % 251),
    ...fields,
  }));

describe("a block of retained deliveries", () => {
  it("restores each delivery", () => {
    // Compares text, because comparing large arrays element by element takes minutes.
    const readable = ({ payload, ...fields }: Deliver) => ({
      ...fields,
      payload: Buffer.from(payload).toString("base64"),
    });
    fc.assert(
      fc.property(fc.array(arbitraryDelivery, { maxLength: 20 }), (deliveries) => {
        const block = new RetainedBlock();
        const fitting = deliveries.filter(
          (delivery) => block.hasRoom(delivery.payload) && block.append(delivery) >= 0,
        );
        expect(fitting.map((_, index) => readable(block.read(index, "t")))).toEqual(fitting.map(readable));
        expect(fitting.map((_, index) => block.cost(index))).toEqual(
          fitting.map(({ payload, context }) => 256 + payload.byteLength + contextBytes(context)),
        );
      }),
      { numRuns: 100 },
    );
  });

  it.each([100, 70_000])(
    "retains a payload of %i bytes without the message that contained it",
    (byteLength) => {
      const message = new Uint8Array(1_000_000).fill(7);
      const block = new RetainedBlock();
      const [delivery] = fc.sample(arbitraryDelivery, 1) as [Deliver];
      block.append({ ...delivery, payload: message.subarray(500, 500 + byteLength) });
      message.fill(8);

      const { payload } = block.read(0, "t");
      expect(Buffer.compare(payload, new Uint8Array(byteLength).fill(7))).toBe(0);
      expect(payload.buffer).not.toBe(message.buffer);
    },
  );

  it("retains a large payload without the message that contained it, if that is a Buffer from the wire", () => {
    const message = Buffer.alloc(1_000_000, 7);
    const block = new RetainedBlock();
    const [delivery] = fc.sample(arbitraryDelivery, 1) as [Deliver];
    block.append({ ...delivery, payload: message.subarray(500, 70_500) });
    expect(block.read(0, "t").payload.buffer).not.toBe(message.buffer);
  });

  it("releases a large payload as soon as it is dropped", () => {
    const block = new RetainedBlock();
    const [delivery] = fc.sample(arbitraryDelivery, 1) as [Deliver];
    const index = block.append({ ...delivery, payload: new Uint8Array(100_000) });
    block.drop(index);
    expect(block.read(index, "t").payload.byteLength).toBe(0);
  });

  it("has room for 512 deliveries, and for 64 KiB of small payloads", () => {
    const [delivery] = fc.sample(arbitraryDelivery, 1) as [Deliver];
    const fill = (payload: Uint8Array) => {
      const block = new RetainedBlock();
      let count = 0;
      while (block.hasRoom(payload)) count = block.append({ ...delivery, payload }) + 1;
      return count;
    };
    expect(fill(new Uint8Array(128))).toBe(512);
    expect(fill(new Uint8Array(4_096))).toBe(16);
    expect(fill(new Uint8Array(MIN_LARGE_BYTES))).toBe(512);
  });

  it("is reusable once every delivery is dropped, without an effect on payloads that were read before", () => {
    const [first, second] = fc.sample(arbitraryDelivery, 2) as [Deliver, Deliver];
    const block = new RetainedBlock();
    expect(block.isReusable).toBe(false);
    block.append({ ...first, payload: new Uint8Array(100).fill(1) });
    block.append({ ...first, payload: new Uint8Array(100_000).fill(1) });
    const { payload } = block.read(0, "t");
    block.drop(0);
    expect(block.isReusable).toBe(false);
    block.drop(1);
    expect(block.isReusable).toBe(true);

    block.reset();
    expect(block.isReusable).toBe(false);
    expect(block.append({ ...second, payload: new Uint8Array(200).fill(2) })).toBe(0);
    expect(block.cost(0)).toBe(256 + 200 + contextBytes(second.context));
    expect(block.read(0, "t")).toMatchObject({ requestId: second.requestId, more: second.more });
    expect(Buffer.compare(block.read(0, "t").payload, new Uint8Array(200).fill(2))).toBe(0);
    expect(Buffer.compare(payload, new Uint8Array(100).fill(1))).toBe(0);
  });
});
