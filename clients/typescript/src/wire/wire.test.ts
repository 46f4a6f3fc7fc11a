import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { RecentTexts } from "../codec/recent-texts.js";
import {
  GatherRequest,
  ListenResponse,
  ProduceResponse,
  SubmitRequest,
  SubmitResponse,
} from "../gen/ate/dispatcher/v1/dispatcher_service.js";
import { Assignment } from "../gen/ate/dispatcher/v1/producer.js";
import { Request } from "../gen/ate/dispatcher/v1/request.js";
import { Delivery, Result } from "../gen/ate/dispatcher/v1/result.js";
import { Duration } from "../gen/google/protobuf/duration.js";
import { Timestamp } from "../gen/google/protobuf/timestamp.js";
import { readProducerEvents, readStreamEvents } from "./wire.js";
import { writeCancellation, writeRequestCall } from "./wire-items.js";

const DURATION = { seconds: 1n, nanos: 500_000_000 };
const RESULT: Result = {
  outcome: { $case: "value", value: { a: 1 } },
  contentType: "text/plain",
  attributes: { k: "v" },
};
const REQUEST: Request = { ...Request.create(), topic: "topic1", args: [1], requestId: "r" };

describe("incoming batches", () => {
  it("read a delivery like the generated codec, down to the bytes of its result", () => {
    const delivery: Delivery = {
      requestId: "0192f7a8-7c1e-7abc-8def-0123456789ab",
      requester: "orders-api",
      topic: "topic1",
      producerId: "p",
      principal: "größe",
      group: "g",
      ordinal: 3,
      more: true,
      sequence: 2n ** 63n,
      latency: DURATION,
      receiveTime: DURATION,
      late: true,
      context: { traceparent: "00-1", __proto__x: "y" },
      result: RESULT,
    };

    const [event] = readStreamEvents(events({ $case: "delivery", value: delivery }), new RecentTexts());

    // Its fields are made when they are looked at.
    expect(event).toMatchObject({
      kind: "delivery",
      value: {
        ...delivery,
        latency: Duration.encode(DURATION).finish(),
        receiveTime: Timestamp.encode(DURATION).finish(),
        result: Result.encode(RESULT).finish(),
      },
    });
  });

  it("read an assignment like the generated codec, down to the bytes of its request", () => {
    const assignment: Assignment = {
      ...Assignment.create(),
      assignmentId: "a",
      requestId: "r",
      requester: "orders-api",
      ttl: DURATION,
      attempt: 2,
      context: { tracestate: "x" },
      request: REQUEST,
    };
    const message = ProduceResponse.encode({
      messages: [{ message: { $case: "assignment", value: assignment } }],
    }).finish();

    expect(readProducerEvents(message, new RecentTexts())).toEqual([
      {
        kind: "assignment",
        value: {
          assignmentId: "a",
          requestId: "r",
          requester: "orders-api",
          ttlMs: 1500,
          attempt: 2,
          context: { tracestate: "x" },
          request: Request.encode(REQUEST).finish(),
        },
      },
    ]);
  });

  it("keep the order of what they hold", () => {
    const message = ListenResponse.encode({
      events: [
        { event: { $case: "delivery", value: Delivery.create({ topic: "a" }) } },
        { event: { $case: "heartbeat", value: { interval: DURATION, cursors: [] } } },
        { event: { $case: "delivery", value: Delivery.create({ topic: "b" }) } },
      ],
    }).finish();

    expect(readStreamEvents(message, new RecentTexts()).map(({ kind }) => kind)).toEqual([
      "delivery",
      "heartbeat",
      "delivery",
    ]);
  });

  it("skip events and fields that they do not know", () => {
    const unknownEvent = new BinaryWriter()
      .uint32(10)
      .fork()
      .uint32((99 << 3) | 2)
      .string("?")
      .join();
    const known = unknownEvent
      .uint32(10)
      .fork()
      .uint32((98 << 3) | 0)
      .uint32(7);
    known
      .uint32(10)
      .fork()
      .uint32(18)
      .string("topic1")
      .uint32((97 << 3) | 5)
      .fixed32(1)
      .join()
      .join();
    const message = known
      .uint32((5 << 3) | 1)
      .double(1)
      .finish();

    expect(readStreamEvents(message, new RecentTexts())).toMatchObject([
      { kind: "delivery", value: { topic: "topic1" } },
    ]);
  });

  it("do not look into payloads", () => {
    const garbage = Uint8Array.from([0xff, 0xff, 0xff]);
    const delivery = new BinaryWriter().uint32(18).string("t").uint32(98).bytes(garbage).finish();
    const message = new BinaryWriter().uint32(10).fork().uint32(10).bytes(delivery).join().finish();

    expect(readStreamEvents(message, new RecentTexts())).toMatchObject([
      { kind: "delivery", value: { result: garbage } },
    ]);
  });

  it("fail as a whole when they are cut off", () => {
    const message = events({ $case: "delivery", value: Delivery.create({ topic: "topic1" }) });

    expect(() => readStreamEvents(message.subarray(0, message.length - 3), new RecentTexts())).toThrow();
  });
});

describe("outgoing batches", () => {
  it("are one message when concatenated", () => {
    const mixed = SubmitRequest.decode(Buffer.concat([writeCancellation("r1"), writeCancellation("r2")]));

    expect(mixed.cancelRequestIds).toEqual(["r1", "r2"]);
  });

  it("write the unary requests like the generated codec", () => {
    const message = writeRequestCall(Request.encode(REQUEST).finish(), true);

    expect(GatherRequest.decode(message)).toMatchObject({
      request: { topic: "topic1" },
      excludeListeners: true,
    });
  });
});

function events(event: NonNullable<SubmitResponse["events"][number]["event"]>): Uint8Array {
  return SubmitResponse.encode({ events: [{ event }] }).finish();
}
