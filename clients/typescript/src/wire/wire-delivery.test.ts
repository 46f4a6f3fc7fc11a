import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { RecentTexts } from "../codec/recent-texts.js";
import { ListenResponse } from "../gen/ate/dispatcher/v1/dispatcher_service.js";
import { Delivery } from "../gen/ate/dispatcher/v1/result.js";
import { readStreamEvents } from "./wire.js";
import type { ReceivedDelivery } from "./wire-delivery.js";

const LONG = "x".repeat(200);
const DURATION = { seconds: 1n, nanos: 5 };

const DELIVERIES: readonly [what: string, fields: Partial<Delivery>][] = [
  ["nothing", {}],
  ["a topic alone", { topic: "topic1" }],
  ["a producer alone", { producerId: "p" }],
  ["a sequence alone", { sequence: 7n }],
  ["a sequence beyond a double", { requestId: "r", sequence: 2n ** 64n - 1n }],
  ["times alone", { latency: DURATION, receiveTime: DURATION }],
  ["long texts", { requestId: LONG, topic: LONG, producerId: LONG, group: LONG, ordinal: 300 }],
  ["a group and no topic", { requestId: "r", group: "größe", more: true, sequence: 1n, late: true }],
];

/** The fields of a delivery that are read down to their end. */
function fieldsOf({ requestId, topic, producerId, group, ordinal, more, sequence, late }: ReceivedDelivery) {
  return { requestId, topic, producerId, group, ordinal, more, sequence, late };
}

function deliveriesIn(message: Uint8Array) {
  return readStreamEvents(message, new RecentTexts()).flatMap((event) =>
    event.kind === "delivery" ? [fieldsOf(event)] : [],
  );
}

describe("a delivery", () => {
  it("is read like by the generated codec, whatever it lacks and whatever follows it", () => {
    const all = DELIVERIES.flatMap(([, one]) => DELIVERIES.map(([, next]) => [one, next])).flat();
    const message = ListenResponse.encode({
      events: all.map((fields) => ({ event: { $case: "delivery", value: Delivery.create(fields) } })),
    }).finish();

    const expected = all.map((fields) => fieldsOf(Delivery.create(fields) as never));
    expect(deliveriesIn(message)).toEqual(expected);
  });

  it("may have its fields in any order, and those that come twice mean the last", () => {
    const delivery = new BinaryWriter().uint32(56).uint64(9n).uint32(26).string("p").uint32(10).string("r");
    delivery.uint32(18).string("t").uint32(18).string("topic2").uint32(10).string("r2");
    const message = new BinaryWriter().uint32(10).fork().uint32(10).bytes(delivery.finish()).join().finish();

    const fields = { requestId: "r2", topic: "topic2", producerId: "p", sequence: 9n };
    expect(deliveriesIn(message)).toEqual([fieldsOf(Delivery.create(fields) as never)]);
  });

  it.each<[what: string, follows: (writer: BinaryWriter) => BinaryWriter]>([
    ["a text", (writer) => writer.uint32(18).string("?")],
    ["a number", (writer) => writer.uint32(56).uint64(2n ** 64n - 1n)],
    ["a message", (writer) => writer.uint32(66).fork().uint32(8).uint32(1).join()],
  ])("is not mixed up with %s of a newer server behind it", (_, follows) => {
    const delivery = Delivery.encode(Delivery.create({ requestId: "r" })).finish();
    const event = new BinaryWriter().uint32(10).fork().uint32(10).bytes(delivery).join();

    expect(deliveriesIn(follows(event).finish())).toEqual([
      fieldsOf(Delivery.create({ requestId: "r" }) as never),
    ]);
  });

  it.each([3, 7, 12])("that is cut off by %d bytes is refused", (missing) => {
    const message = ListenResponse.encode({
      events: [{ event: { $case: "delivery", value: Delivery.create({ requestId: "r", topic: "topic1" }) } }],
    }).finish();

    expect(() =>
      readStreamEvents(message.subarray(0, message.length - missing), new RecentTexts()),
    ).toThrow();
  });
});
