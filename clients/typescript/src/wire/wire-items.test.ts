import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ProduceRequest, SubmitRequest } from "../gen/ate/dispatcher/v1/dispatcher_service.js";
import type { ProducerMessage } from "../gen/ate/dispatcher/v1/producer.js";
import { Request } from "../gen/ate/dispatcher/v1/request.js";
import { Result } from "../gen/ate/dispatcher/v1/result.js";
import { OutgoingBatch } from "./outgoing-batch.js";
import { type EncodedSubmission, pushReply, pushSubmission } from "./wire-items.js";

/** Around the lengths at which a varint gets longer, with what is around the bytes and without it. */
const LENGTHS = [0, 1, 100, 120, 127, 128, 16_370, 16_384, 300_000];
const IDS = ["a1", "größe", "x".repeat(200), "\u{1f600}"];

async function sent(fill: (batch: OutgoingBatch) => void): Promise<Buffer> {
  const messages: Buffer[] = [];
  const batch = new OutgoingBatch((message) => messages.push(message) > 0);
  fill(batch);
  await turn();
  return Buffer.concat(messages);
}

describe("a reply that is written into its message", () => {
  it.each(LENGTHS)("with %d bytes of data is what the generated codec writes", async (length) => {
    const bytes = new Uint8Array(length).fill(7);
    const content = { kind: "data", bytes } as const;

    const message = await sent((batch) => {
      for (const id of IDS) pushReply(batch, id, id === "a1", content, Number.POSITIVE_INFINITY);
    });

    const result = Result.create({ outcome: { $case: "data", value: bytes } });
    const messages = IDS.map((assignmentId): ProducerMessage => {
      const more = assignmentId === "a1";
      return { message: { $case: "reply", value: { assignmentId, more, result } } };
    });
    expect(message.equals(ProduceRequest.encode({ messages }).finish())).toBe(true);
  });

  it("with an encoded result is what the generated codec writes", async () => {
    const result: Result = {
      outcome: { $case: "value", value: { a: "x".repeat(130) } },
      contentType: "text/plain",
      attributes: { k: "v" },
    };
    const content = { kind: "result", bytes: Result.encode(result).finish() } as const;

    const message = await sent((batch) => pushReply(batch, "a1", false, content, Number.POSITIVE_INFINITY));

    expect(ProduceRequest.decode(message).messages).toEqual([
      { message: { $case: "reply", value: { assignmentId: "a1", more: false, result } } },
    ]);
  });

  it("says its size, and is left out if that is too large", async () => {
    const content = { kind: "data", bytes: new Uint8Array(200) } as const;
    const sizes: number[] = [];

    const message = await sent((batch) => {
      for (const limit of [300, 100]) sizes.push(pushReply(batch, "a1", true, content, limit));
    });

    expect(sizes).toEqual([message.byteLength, message.byteLength]);
  });
});

describe("a submission that is written into its message", () => {
  it.each<[what: string, rest: Omit<EncodedSubmission, "request">]>([
    ["a dispatch", { gather: false, excludeListeners: false, context: {} }],
    ["a gather", { gather: true, excludeListeners: true, context: {} }],
    ["one with a context", { gather: true, excludeListeners: true, context: { traceparent: "00-1" } }],
    [
      "one with long texts in its context",
      {
        gather: false,
        excludeListeners: false,
        context: { baggage: "größe".repeat(50), größe: "x".repeat(200) },
      },
    ],
  ])("is, as %s, what the generated codec writes", async (_, rest) => {
    const requests = LENGTHS.map((length) => Request.create({ topic: "t", data: new Uint8Array(length) }));

    const message = await sent((batch) => {
      for (const request of requests)
        pushSubmission(batch, "c1", { request: Request.encode(request).finish(), ...rest });
    });

    const submissions = requests.map((request) => ({ correlationId: "c1", request, ...rest }));
    expect(message.equals(SubmitRequest.encode({ submissions, cancelRequestIds: [] }).finish())).toBe(true);
  });
});
