/**
 * Messages with too many entries are refused before they are decoded: with the reasons and texts of the core, for the price
 * of a walk over their bytes.
 */
import {
  Cursor,
  Hello,
  ListenRequest,
  ProduceRequest,
  ProducerMessage,
  Request,
  SubmitRequest,
  SubscribeRequest,
  UpdateListenerRequest,
  WatchRequest,
  WireError,
  WireReader,
} from "ate-dispatcher-client/internal";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { decodeCold, decodeLimited, decodeSubscribe } from "../../src/grpc/wire/decode-cold.js";
import { decodeProduce } from "../../src/grpc/wire/decode-produce.js";
import { decodeRequest } from "../../src/grpc/wire/decode-request.js";
import { decodeSubmit } from "../../src/grpc/wire/decode-submit.js";
import { createEntryLimits } from "../../src/grpc/wire/entry-limits.js";
import { bytesField, concat } from "../support/wire-bytes.js";

const MAX = 3;
const ENTRIES = createEntryLimits(MAX);
const LIMITS = { maxResultBytes: 1_000, entries: ENTRIES };

interface Decodable {
  decode(bytes: Uint8Array): unknown;
}

/** Counts how often the generated code decodes a message. */
function decodesOf(...types: readonly Decodable[]): () => number {
  const spies = types.map((type) => vi.spyOn(type, "decode"));
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
  });
  return () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
}

function produce(member: NonNullable<ProducerMessage["message"]>): Buffer {
  return Buffer.from(ProduceRequest.encode({ messages: [{ message: member }] }).finish());
}

function topics(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `t${i}`);
}

const registrations = (count: number) => topics(count).map((topic) => ({ topic, group: "g" }));
const labels = (count: number) => Object.fromEntries(topics(count).map((key) => [key, "v"]));
const cursors = (count: number) =>
  topics(count).map((topic) => Cursor.fromPartial({ topic, epoch: "e", sequence: 1n }));

const hello = (init: Parameters<typeof Hello.fromPartial>[0]) =>
  produce({ $case: "hello", value: Hello.fromPartial(init) });
const register = (count: number) =>
  produce({
    $case: "register",
    value: { registrations: registrations(count), correlationId: "c" },
  });
const deregister = (count: number) =>
  produce({
    $case: "deregister",
    value: { topics: topics(count), correlationId: "c" },
  });

describe("a message of a producer", () => {
  it.each([
    ["hello", hello({ registrations: registrations(MAX), labels: labels(32) })],
    ["register", register(MAX)],
    ["deregister", deregister(MAX)],
  ])("is decoded with the maximum of entries: %s", (name, message) => {
    expect([...decodeProduce(message, 1, LIMITS)]).toMatchObject([{ $case: name }]);
  });

  it.each([
    [
      "registrations of hello",
      hello({ registrations: registrations(MAX + 1) }),
      {
        reason: "INVALID_FIELD",
        input: "producerOpened",
        message: "registrations has 4 entries; at most 3 are allowed",
      },
      "",
    ],
    [
      "labels of hello",
      hello({ labels: labels(33) }),
      {
        reason: "INVALID_FIELD",
        input: "producerOpened",
        message: "labels has 33 entries; at most 32 are allowed",
      },
      "",
    ],
    [
      "registrations of register",
      register(MAX + 1),
      { reason: "REGISTRATION_LIMIT", metadata: { limit: "3" } },
      "c",
    ],
    [
      "topics of deregister",
      deregister(MAX + 1),
      {
        reason: "INVALID_FIELD",
        input: "topicsDeregistered",
        message: "topics has 4 entries; at most 3 are allowed",
      },
      "c",
    ],
  ])("is refused before it is decoded: %s", (_, message, refusal, correlationId) => {
    const decodes = decodesOf(ProducerMessage, Hello);
    expect([...decodeProduce(message, 1, LIMITS)]).toMatchObject([
      { $case: "refused", value: { refusal, correlationId } },
    ]);
    expect(decodes()).toBe(0);
  });

  it("is decoded after a pause, and applied after another, if it is long", () => {
    const decodes = decodesOf(ProducerMessage);
    const parts = decodeProduce(hello({ displayName: "x".repeat(20_000) }), 1, LIMITS);
    expect(parts.next().value).toBeUndefined();
    expect(decodes()).toBe(0);
    expect(parts.next().value).toBeUndefined();
    expect(decodes()).toBe(1);
    expect(parts.next().value).toMatchObject({ $case: "hello" });
    expect(parts.next().done).toBe(true);
  });

  it("that is refused leaves the messages before and after it alone", () => {
    const batch = concat(register(1), register(9), deregister(1));
    expect([...decodeProduce(batch, 1, LIMITS)]).toMatchObject([
      { $case: "register" },
      { $case: "refused" },
      { $case: "deregister" },
    ]);
  });

  it("with very many fields that are no entries is malformed", () => {
    const decodes = decodesOf(ProducerMessage);
    const id = bytesField(1, Buffer.from("x"));
    const message = bytesField(1, bytesField(2, Buffer.alloc(id.length * 30_000, id)));
    expect(() => [...decodeProduce(message, 1, createLimits(10))]).toThrow(
      new WireError("it has over 20336 fields, the most that are read; send fewer"),
    );
    expect(decodes()).toBe(0);
  });

  it("is counted only as far as it could be read", () => {
    const message = bytesField(1, bytesField(2, Buffer.alloc(1_000_000, bytesField(4, Buffer.alloc(0)))));
    const nextField = vi.spyOn(WireReader.prototype, "next");
    onTestFinished(() => nextField.mockRestore());
    expect([...decodeProduce(message, 1, LIMITS)]).toMatchObject([
      {
        $case: "refused",
        value: { refusal: { message: "registrations has over 20280 entries; at most 3 are allowed" } },
      },
    ]);
    expect(nextField.mock.calls.length).toBeLessThan(41_000);
  });

  it("counts the fields of embedded messages, too", () => {
    const topic = bytesField(1, Buffer.from("x"));
    const registration = bytesField(4, Buffer.alloc(topic.length * 30_000, topic));
    const message = bytesField(1, bytesField(2, registration));
    expect(() => [...decodeProduce(message, 1, createLimits(10))]).toThrow(WireError);
  });
});

function createLimits(maxRegistrations: number) {
  return { ...LIMITS, entries: createEntryLimits(maxRegistrations) };
}

describe("a message of a listener", () => {
  const listenOf = (init: Parameters<typeof ListenRequest.fromPartial>[0]) => ListenRequest.fromPartial(init);
  const MAX_CURSORS = 10_000;

  it.each([
    ["topics", listenOf({ topics: topics(MAX + 1) }), "topics has 4 entries; at most 3 are allowed"],
    [
      "cursors",
      listenOf({ resumeFrom: cursors(MAX_CURSORS + 1) }),
      "resume_from has 10001 entries; at most 10000 are allowed",
    ],
  ])("is refused before it is decoded: %s of Listen and Subscribe", (_, listen, message) => {
    const decodes = decodesOf(ListenRequest, SubscribeRequest);
    const refused = { reason: "INVALID_FIELD", input: "listenerOpened", message };
    const bytes = ListenRequest.encode(listen).finish();
    expect(decodeLimited(ListenRequest, bytes, ENTRIES.listen)).toMatchObject({ refused });
    const part = SubscribeRequest.encode({ message: { $case: "listen", value: listen } }).finish();
    expect(decodeSubscribe(part, ENTRIES)).toMatchObject({ refused });
    expect(decodes()).toBe(0);
  });

  it.each([
    [
      "add_topics",
      { addTopics: topics(MAX + 1) },
      { reason: "REGISTRATION_LIMIT", metadata: { limit: "3" } },
    ],
    [
      "remove_topics",
      { removeTopics: topics(MAX + 1) },
      { reason: "INVALID_FIELD", message: "remove_topics has 4 entries; at most 3 are allowed" },
    ],
  ])("is refused before it is decoded: %s of an update and of UpdateListener", (_, change, refused) => {
    const decodes = decodesOf(UpdateListenerRequest, SubscribeRequest);
    const call = UpdateListenerRequest.encode(UpdateListenerRequest.fromPartial(change)).finish();
    expect(decodeLimited(UpdateListenerRequest, call, ENTRIES.updateListener)).toMatchObject({ refused });
    const update = SubscribeRequest.fromPartial({ message: { $case: "update", value: change } });
    expect(decodeSubscribe(SubscribeRequest.encode(update).finish(), ENTRIES)).toMatchObject({ refused });
    expect(decodes()).toBe(0);
  });

  it("is decoded with the maximum of entries", () => {
    const listen = listenOf({ topics: topics(MAX), resumeFrom: cursors(MAX_CURSORS) });
    const bytes = ListenRequest.encode(listen).finish();
    expect(decodeLimited(ListenRequest, bytes, ENTRIES.listen)).toEqual({ message: listen });
    const part = SubscribeRequest.encode({ message: { $case: "listen", value: listen } }).finish();
    expect(decodeSubscribe(part, ENTRIES)).toEqual({ message: { $case: "listen", value: listen } });
  });
});

describe("a message without repeated fields", () => {
  it("with very many fields is malformed, and is not decoded", () => {
    const decodes = decodesOf(WatchRequest);
    const topic = bytesField(1, Buffer.from("x"));
    expect(() => decodeCold(WatchRequest, Buffer.alloc(topic.length * 30_000, topic))).toThrow(WireError);
    expect(decodes()).toBe(0);
  });
});

describe("a selector", () => {
  it.each([
    ["producer_ids", { producerIds: topics(1_001) }, "has 1001 entries; at most 1000 are allowed"],
    ["match_labels", { matchLabels: labels(33) }, "has 33 entries; at most 32 are allowed"],
  ])("with too many %s is refused as the core refuses it", (name, selector, description) => {
    const request = Request.fromPartial({ topic: "t", selector });
    const { malformed } = decodeRequest(Buffer.from(Request.encode(request).finish()));
    expect(malformed).toMatchObject({
      reason: "INVALID_FIELD",
      input: "requestSubmitted",
      violations: [{ field: `request.selector.${name}`, description }],
    });
  });
});

describe("a SubmitRequest", () => {
  it("is decoded one submission after the other", () => {
    const submissions = topics(3).map((correlationId) => ({ correlationId }));
    const message = SubmitRequest.encode(SubmitRequest.fromPartial({ submissions })).finish();
    const parts = decodeSubmit(concat(message, Buffer.from([0xff])));
    const ids = [parts.next(), parts.next(), parts.next()].map(
      ({ value }) => (value as { correlationId: string }).correlationId,
    );
    expect(ids).toEqual(["t0", "t1", "t2"]);
    expect(() => parts.next()).toThrow(WireError);
  });

  it("yields its cancel_request_ids last, wherever they are", () => {
    const submissions = SubmitRequest.encode(
      SubmitRequest.fromPartial({ submissions: [{ correlationId: "a" }] }),
    ).finish();
    const cancel = (id: string) => bytesField(2, Buffer.from(id));
    const parts = [...decodeSubmit(concat(cancel("x"), submissions, cancel("y")))];
    expect(parts).toMatchObject([{ correlationId: "a" }, "x", "y"]);
  });

  it("lets its caller look at the clock where it has neither", () => {
    const unknown = bytesField(15, Buffer.alloc(0));
    const parts = [...decodeSubmit(Buffer.alloc(unknown.length * 10_000, unknown))];
    expect(parts).toEqual(Array(9).fill(undefined));
  });

  it("joins the parts of a request that occurs many times, once", () => {
    const part = bytesField(2, bytesField(1, Buffer.from("t")));
    const message = bytesField(1, Buffer.alloc(part.length * 1_000, part));
    const joins = vi.spyOn(Buffer, "concat");
    onTestFinished(() => joins.mockRestore());
    const [first] = decodeSubmit(message);
    expect(first).toMatchObject({ spec: { topic: "t" } });
    expect(joins).toHaveBeenCalledTimes(1);
  });
});
