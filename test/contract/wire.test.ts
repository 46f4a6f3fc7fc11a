/**
 * Compares the hand-written wire code with the generated code in both directions: both decode the same bytes to the same
 * values, and the generated code decodes everything that the hand-written code encodes.
 */
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import {
  type Acceptance,
  type Assignment,
  type Delivery,
  DispatchRequest,
  Duration,
  FIELDS,
  GatherResponse,
  ListenResponse,
  ProduceRequest,
  ProduceResponse,
  type ProducerMessage,
  Reply,
  Request,
  Result,
  Status,
  SubmitRequest,
  SubmitResponse,
  SubscribeResponse,
  varintSize,
  WireError,
  WireReader,
  WireWriter,
} from "ate-dispatcher-client/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Deliver } from "../../src/core/vocabulary/effect.js";
import type { ResultReturned } from "../../src/core/vocabulary/input.js";
import { MIN_SHARED_BYTES, NO_LANE, NO_SESSIONS, type RequestSpec } from "../../src/core/vocabulary/model.js";
import { refusal } from "../../src/core/vocabulary/reason.js";
import { isPattern, isTopic } from "../../src/core/vocabulary/topic.js";
import { decodeProduce, UNKNOWN_MESSAGE } from "../../src/grpc/wire/decode-produce.js";
import { decodeRequest } from "../../src/grpc/wire/decode-request.js";
import { decodeCall, decodeSubmit } from "../../src/grpc/wire/decode-submit.js";
import { EventBatch } from "../../src/grpc/wire/encode.js";
import { createEncodeContext } from "../../src/grpc/wire/encode-context.js";
import { createEntryLimits } from "../../src/grpc/wire/entry-limits.js";
import { rpcStatus } from "../../src/grpc/wire/status.js";
import { milliseconds } from "../../src/grpc/wire/time.js";
import type { Sendable } from "../../src/ports/batch.js";
import { bytesField, concat, numberField, tag, UNKNOWN_FIELDS, varint } from "../support/wire-bytes.js";

const SESSION = 7;
const MAX_RESULT_BYTES = 1_000_000;
const LIMITS = { maxResultBytes: MAX_RESULT_BYTES, entries: createEntryLimits(10_000) };
const NOW_MS = 5_000;
const TIME_OF_DAY_MS = 1_790_000_000_000;
const clock = { now: () => NOW_MS, timeOfDay: (at: number) => TIME_OF_DAY_MS + at };

// ---- arbitrary messages ----

/** Numbers at which a varint gets one byte longer, and their neighbours. */
const BOUNDARIES = [
  0,
  1,
  ...[7, 14, 21, 28, 32, 35, 42, 49, 53].flatMap((bits) => [2 ** bits - 1, 2 ** bits]),
];
const upTo = (max: number) =>
  fc.oneof(fc.constantFrom(...BOUNDARIES.filter((n) => n <= max)), fc.nat(Math.min(max, 2 ** 31 - 1)));
const uint32 = upTo(2 ** 32 - 1);
const position = upTo(2 ** 53 - 1);
const ascii = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
  maxLength: 200,
});
const anyText = fc.string({ unit: "grapheme", maxLength: 40 });
const bytes = fc.uint8Array({ maxLength: 300 });
const durationOf = fc.record({
  seconds: fc.integer({ min: 0, max: 2 ** 31 }).map(BigInt),
  nanos: fc.nat(999_999_999),
});
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const context = fc.dictionary(fc.constantFrom("traceparent", "tracestate", "baggage"), anyText);
const json = fc.jsonValue({ maxDepth: 3 });

const completion = fc.record({
  until: maybe(
    fc.oneof(
      uint32.map((value) => ({ $case: "resultCount", value }) as const),
      uint32.map((value) => ({ $case: "quorumPercent", value }) as const),
      fc.boolean().map((value) => ({ $case: "firstSuccess", value }) as const),
    ),
  ),
  stallTimeout: maybe(durationOf),
  minResults: uint32,
  countErrors: fc.boolean(),
  loserAction: fc.constantFrom(0, 1, 2),
});
const selector = fc.record({
  producerIds: fc.array(anyText, { maxLength: 4 }),
  principals: fc.array(anyText, { maxLength: 4 }),
  matchLabels: fc.dictionary(anyText, anyText, { maxKeys: 3 }),
  maxTargets: uint32,
});
const request = fc
  .record({
    topic: ascii,
    args: maybe(fc.array(json, { maxLength: 3 })),
    kwargs: maybe(fc.dictionary(anyText, json, { maxKeys: 3 })),
    data: bytes,
    contentType: anyText,
    attributes: fc.dictionary(anyText, anyText, { maxKeys: 2 }),
    ttl: maybe(durationOf),
    requestId: ascii,
    completion: maybe(completion),
    selector: maybe(selector),
    noProducersAction: fc.constantFrom(0, 1, 2, 3),
  })
  .map((fields) => Request.fromPartial(fields as Parameters<typeof Request.fromPartial>[0]));
const result = fc
  .record({
    outcome: maybe(
      fc.oneof(
        json.map((value) => ({ $case: "value", value }) as const),
        bytes.map((value) => ({ $case: "data", value }) as const),
        fc
          .record({ code: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), message: anyText })
          .map((value) => ({ $case: "error", value: { ...value, details: [] } }) as const),
      ),
    ),
    contentType: anyText,
    attributes: fc.dictionary(anyText, anyText, { maxKeys: 2 }),
  })
  .map((fields) => Result.fromPartial(fields as Parameters<typeof Result.fromPartial>[0]));

/** Inserts unknown fields before, after and between the fields of an encoded message. */
function withUnknownFields(message: Uint8Array): fc.Arbitrary<Buffer> {
  const parts = fieldsOf(message);
  return fc
    .array(fc.boolean(), { minLength: parts.length + 1, maxLength: parts.length + 1 })
    .map((chosen) =>
      concat(...[...parts, concat()].flatMap((part, i) => [chosen[i] ? UNKNOWN_FIELDS : concat(), part])),
    );
}

function fieldsOf(message: Uint8Array): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const reader = new BinaryReader(message); reader.pos < reader.len; ) {
    const begin = reader.pos;
    const [, wireType] = reader.tag();
    reader.skip(wireType);
    parts.push(message.subarray(begin, reader.pos));
  }
  return parts;
}

function fieldNumbersOf(message: Buffer): readonly number[] {
  const numbers: number[] = [];
  for (const reader = new WireReader(message); reader.next(); reader.skip()) numbers.push(reader.field);
  return numbers;
}

/** The routing fields as the generated code decodes them, in the types of the core. */
function routingOf(message: Uint8Array): Omit<RequestSpec, "payload"> {
  const {
    topic,
    ttl,
    requestId,
    completion: policy,
    selector: narrowed,
    noProducersAction,
  } = Request.decode(message);
  const { until, stallTimeout, minResults = 0, countErrors = false, loserAction = 0 } = policy ?? {};
  const ms = (of: typeof ttl) => of && Number(of.seconds) * 1_000 + of.nanos / 1_000_000;
  return {
    topic,
    ttlMs: ms(ttl),
    requestId,
    completion: {
      until: untilOf(until),
      stallTimeoutMs: ms(stallTimeout),
      minResults,
      countErrors,
      loserAction: (["CANCEL", "CANCEL", "LET_RUN"] as const)[loserAction] ?? "UNKNOWN_ENUM_VALUE",
    },
    selector: narrowed && {
      producerIds: narrowed.producerIds,
      principals: narrowed.principals,
      matchLabels: Object.entries(narrowed.matchLabels),
      maxTargets: narrowed.maxTargets,
    },
    noProducersAction:
      (["COMPLETE", "COMPLETE", "FAIL", "WAIT"] as const)[noProducersAction] ?? "UNKNOWN_ENUM_VALUE",
  };
}

function untilOf(until: NonNullable<Request["completion"]>["until"]): RequestSpec["completion"]["until"] {
  switch (until?.$case) {
    case undefined:
      return { kind: "all" };
    case "resultCount":
      return { kind: "resultCount", count: until.value };
    case "quorumPercent":
      return { kind: "quorumPercent", percent: until.value };
    case "firstSuccess":
      return { kind: "firstSuccess", isSet: until.value };
  }
}

/** Sorts map entries, whose order has no meaning. */
function sorted(spec: Omit<RequestSpec, "payload">): Omit<RequestSpec, "payload"> {
  const { selector: narrowed } = spec;
  if (!narrowed) return spec;
  return { ...spec, selector: { ...narrowed, matchLabels: [...narrowed.matchLabels].sort() } };
}

function expectSameRouting(read: RequestSpec, message: Uint8Array): void {
  const { payload, ...routing } = read;
  expect(sorted(routing)).toEqual(sorted(routingOf(message)));
  expect(Buffer.compare(payload, message)).toBe(0);
}

// ---- hand-written decoding ----

describe("a Request", () => {
  const encoded = request.chain((value) => withUnknownFields(Request.encode(value).finish()));

  it("decodes to the same routing fields as with the generated code, with its payload unchanged", () => {
    fc.assert(fc.property(encoded, (message) => expectSameRouting(decodeRequest(message), message)));
  });

  it("decodes alike within a DispatchRequest or GatherRequest, with the flag", () => {
    fc.assert(
      fc.property(encoded, fc.boolean(), (message, flag) => {
        const call = concat(bytesField(1, message), UNKNOWN_FIELDS, numberField(2, flag ? 1 : 0));
        const read = decodeCall(call);
        expect(read.flag).toBe(flag);
        expect(DispatchRequest.decode(call).validateOnly).toBe(flag);
        expectSameRouting(read.spec, message);
      }),
    );
  });

  it("decodes alike within each Submission, with its correlation id, flags and trace context", () => {
    const submission = fc.record({
      correlationId: ascii,
      request: maybe(request),
      gather: fc.boolean(),
      excludeListeners: fc.boolean(),
      context: fc.dictionary(fc.constantFrom("traceparent", "tracestate", "baggage", "other", ""), anyText),
    });
    const submit = fc
      .record({
        submissions: fc.array(submission, { maxLength: 4 }),
        cancelRequestIds: fc.array(anyText, { maxLength: 3 }),
      })
      .map((value) => SubmitRequest.fromPartial(value as Parameters<typeof SubmitRequest.fromPartial>[0]));
    fc.assert(
      fc.property(
        submit.chain((value) => withUnknownFields(SubmitRequest.encode(value).finish())),
        (message) => {
          const read = [...decodeSubmit(message)].filter((part) => part !== undefined);
          const { submissions, cancelRequestIds } = SubmitRequest.decode(message);
          expect(read.slice(submissions.length)).toEqual(cancelRequestIds);
          const decoded = read.filter((part) => typeof part !== "string");
          expect(decoded).toHaveLength(submissions.length);
          for (const [i, { spec, context: trace, ...rest }] of decoded.entries()) {
            const {
              request: sentRequest,
              context: sentContext,
              ...expected
            } = submissions[i] ?? (SubmitRequest.fromPartial({}) as never);
            expect(rest).toEqual(expected);
            const passed = Object.entries(sentContext).filter(([key]) => key !== "other" && key !== "");
            expect([...trace].sort()).toEqual(passed.sort());
            expectSameRouting(spec, sentRequest ? Request.encode(sentRequest).finish() : concat());
          }
        },
      ),
    );
  });

  it("decodes to a valid topic or id only if exactly that was sent, for any bytes", () => {
    const text = fc.oneof(anyText, fc.string({ unit: "binary", maxLength: 20 })).map((s) => Buffer.from(s));
    fc.assert(
      fc.property(fc.oneof(text, bytes), (sent) => {
        const { topic } = decodeRequest(bytesField(1, sent));
        if (isTopic(topic) || isPattern(topic)) expect(Buffer.from(sent).toString()).toBe(topic);
        else expect(isTopic(Buffer.from(sent).toString("utf8"))).toBe(false);
      }),
    );
  });

  it("decodes a number that is too long for its field to its lower 32 bits", () => {
    const long = (low: number) => Buffer.from([low | 0x80, 0x80, 0x80, 0x80, 0x90, 0x80, 0x80, 0x80, 0x10]);
    const ttl = bytesField(7, concat(Buffer.from([0x08, 1, 0x10]), long(5)));
    const action = concat(Buffer.from([0x58]), long(2));
    const message = concat(bytesField(1, Buffer.from("t")), ttl, action);

    const { topic, requestId, ttlMs, noProducersAction } = decodeRequest(message);
    expect({ topic, requestId, ttlMs, noProducersAction }).toEqual(fieldByField(message));
    expect({ ttlMs, noProducersAction }).toEqual({ ttlMs: 1_000.000005, noProducersAction: "FAIL" });
  });

  it("of corrupt bytes is rejected, or decodes as the generated code's reader does field by field", () => {
    const at = fc.nat(400);
    const corruption = fc.oneof(
      at.map((i) => (m: Buffer) => m.subarray(0, i)),
      fc.tuple(at, fc.nat(255)).map(([i, byte]) => (m: Buffer) => {
        const copy = Buffer.from(m);
        if (i < copy.length) copy[i] = byte;
        return copy;
      }),
      fc.tuple(at, fc.uint8Array({ maxLength: 5 })).map(
        ([i, junk]) =>
          (m: Buffer) =>
            concat(m.subarray(0, i), junk, m.subarray(i)),
      ),
    );
    let accepted = 0;
    fc.assert(
      fc.property(encoded, corruption, (message, apply) => {
        const corrupt = apply(message);
        const read = decodeRequest(corrupt);
        if (read.malformed) return;
        accepted++;
        const { topic, requestId, ttlMs, noProducersAction } = read;
        expect({ topic, requestId, ttlMs, noProducersAction }).toEqual(fieldByField(corrupt));
      }),
      { numRuns: 2_000 },
    );
    expect(accepted).toBeGreaterThan(200);
  });
});

/** Decodes some routing fields with the generated code's own reader. The payload may be any bytes. */
function fieldByField(message: Buffer): Partial<RequestSpec> {
  let [topic, requestId] = ["", ""];
  let ttl: Duration | undefined;
  let action = 0;
  for (const reader = new BinaryReader(message); reader.pos < reader.len; ) {
    const [field, wireType] = reader.tag();
    if (field === 1) topic = Buffer.from(reader.bytes()).toString();
    else if (field === 7) ttl = Duration.decode(reader.bytes());
    else if (field === 8) requestId = Buffer.from(reader.bytes()).toString();
    else if (field === 11) action = reader.int32();
    else reader.skip(wireType);
  }
  return {
    topic,
    requestId,
    ttlMs: ttl && milliseconds(Number(ttl.seconds), ttl.nanos),
    noProducersAction: (["COMPLETE", "COMPLETE", "FAIL", "WAIT"] as const)[action] ?? "UNKNOWN_ENUM_VALUE",
  };
}

describe("a ProduceRequest", () => {
  const reply = fc.record({
    assignmentId: fc.oneof(position.map(String), ascii),
    more: fc.boolean(),
    result: maybe(result),
  });
  const producerMessage = fc.oneof(
    { weight: 4, arbitrary: reply.map((value) => ({ $case: "reply", value }) as const) },
    fc
      .record({
        producerId: ascii,
        labels: fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), anyText, { maxKeys: 2 }),
        maxOutstanding: uint32,
      })
      .map((value) => ({ $case: "hello", value }) as const),
    fc
      .record({
        registrations: fc.array(fc.record({ topic: ascii, group: ascii }), { maxLength: 3 }),
        correlationId: ascii,
      })
      .map((value) => ({ $case: "register", value }) as const),
    fc
      .record({ topics: fc.array(ascii, { maxLength: 3 }) })
      .map((value) => ({ $case: "deregister", value }) as const),
    uint32.map((maxOutstanding) => ({ $case: "updateCredit", value: { maxOutstanding } }) as const),
    fc.constant({ $case: "drain", value: {} } as const),
  );

  it("decodes to the same messages as with the generated code, with its results unchanged", () => {
    const batch = fc
      .array(maybe(producerMessage), { maxLength: 5 })
      .map((messages) =>
        ProduceRequest.fromPartial({ messages: messages.map((message) => ({ message })) } as never),
      );
    fc.assert(
      fc.property(
        batch.chain((value) => withUnknownFields(ProduceRequest.encode(value).finish())),
        (message) => {
          const decoded = [...decodeProduce(message, SESSION, LIMITS)];
          const expected = ProduceRequest.decode(message).messages;
          expect(decoded).toHaveLength(expected.length);
          for (const [i, one] of decoded.entries()) expectSame(one, expected[i]?.message);
        },
      ),
    );
  });

  function expectSame(decoded: unknown, expected: ProducerMessage["message"]): void {
    if (expected?.$case !== "reply") {
      expect(decoded).toEqual(expected ?? UNKNOWN_MESSAGE);
      return;
    }
    const { assignmentId, more, result: answer } = expected.value;
    const failure = answer?.outcome?.$case === "error" ? answer.outcome.value : undefined;
    const isOurs = /^[0-9]{1,15}$/.test(assignmentId);
    expect(decoded).toMatchObject({
      kind: "resultReturned",
      session: SESSION,
      assignment: isOurs ? Number(assignmentId) : 0,
      more,
      failure: failure && { code: failure.code, message: failure.message },
    });
    const { payload, assignment, assignmentText = String(assignment) } = decoded as ResultReturned;
    expect(assignmentText).toBe(assignmentId);
    expect(Buffer.compare(payload, answer ? Result.encode(answer).finish() : concat())).toBe(0);
  }

  it.each([
    ["7", 7],
    ["007", 7],
    ["0", 0],
    ["999999999999999", 999_999_999_999_999],
    ["1000000000000000", 0],
    ["", 0],
    ["7a", 0],
    ["-7", 0],
    ["7\u0000", 0],
  ])("with assignment_id %j keeps the id as it was written", (assignmentId, assignment) => {
    const message = ProduceRequest.fromPartial({
      messages: [{ message: { $case: "reply", value: { assignmentId } } }],
    });

    const [decoded] = decodeProduce(Buffer.from(ProduceRequest.encode(message).finish()), SESSION, LIMITS);
    expect(decoded).toMatchObject({ kind: "resultReturned", assignment });
    const { assignmentText = String(assignment) } = decoded as ResultReturned;
    expect(assignmentText).toBe(assignmentId);
  });

  it("with unknown fields before or after its reply contains the reply", () => {
    const inner = Reply.encode(Reply.fromPartial({ assignmentId: "12", more: true })).finish();
    for (const message of [
      concat(UNKNOWN_FIELDS, bytesField(1, inner)),
      concat(bytesField(1, inner), UNKNOWN_FIELDS),
      bytesField(1, concat(UNKNOWN_FIELDS, inner, UNKNOWN_FIELDS)),
    ]) {
      expect([...decodeProduce(bytesField(1, message), SESSION, LIMITS)]).toMatchObject([
        { kind: "resultReturned", assignment: 12, more: true },
      ]);
    }
  });
});

// ---- hand-written encoding ----

const EXACT_NS = 1_000;
const nanosOf = (time: { readonly seconds: bigint; readonly nanos: number } | undefined): number => {
  if (!time) throw new Error("there is no time");
  expect(time.nanos).toBeGreaterThanOrEqual(0);
  expect(time.nanos).toBeLessThan(1_000_000_000);
  return Number(time.seconds) * 1_000_000_000 + time.nanos;
};
const expectTime = (time: Parameters<typeof nanosOf>[0], ms: number): void => {
  expect(Math.abs(nanosOf(time) - ms * 1_000_000)).toBeLessThanOrEqual(EXACT_NS);
};
const someMs = fc.oneof(
  upTo(2 ** 40),
  fc.double({ min: 0, max: 4_000_000, noNaN: true }),
  fc.constantFrom(0, 0.000_001, 0.999_999, 999.999_999, 1_000, 1_000.5),
);
const encodedContext = context.map((pairs) => Object.entries(pairs));

/** Unlike an id, a principal may have any characters. */
const principal = fc.oneof(fc.constant(""), ascii, fc.constantFrom("spiffe://prod/ns/a/sa/b", "Jürgen 東京"));

const deliver: fc.Arbitrary<Deliver> = fc.record({
  kind: fc.constant("deliver"),
  lane: fc.constant(NO_LANE),
  audience: fc.constant(NO_SESSIONS),
  callers: fc.constant([]),
  requestId: ascii,
  requester: principal,
  topic: ascii,
  producerId: ascii,
  principal,
  group: ascii,
  ordinal: uint32,
  more: fc.boolean(),
  sequence: position,
  latencyMs: someMs,
  receivedAt: someMs,
  late: fc.boolean(),
  context: encodedContext,
  payload: result.map((value) => Result.encode(value).finish()),
});

const assign: fc.Arbitrary<Extract<Sendable, { kind: "assign" }>> = fc.record({
  kind: fc.constant("assign"),
  to: fc.constant(SESSION),
  assignment: position,
  requestId: ascii,
  requester: principal,
  deadlineAt: someMs,
  attempt: uint32,
  context: encodedContext,
  payload: request.map((value) => Request.encode(value).finish()),
  cost: fc.constant(0),
});

const accept: fc.Arbitrary<Extract<Sendable, { kind: "accept" }>> = fc.record({
  kind: fc.constant("accept"),
  to: fc.constant(SESSION),
  correlationId: ascii,
  acceptance: fc.record({
    requestId: ascii,
    targets: fc.array(fc.record({ producerId: ascii, principal, group: ascii }), { maxLength: 4 }),
    listenerCount: uint32,
    ttlMs: someMs,
    deadlineAt: someMs,
  }),
});

/** Shared by all batches, so that the tests cover the reuse of buffers. */
const encoding = createEncodeContext({
  clock,
  serverId: "server",
  heartbeatMs: 20_000,
  maxMessageBytes: 1_048_576,
});

function batchOf(...effects: readonly Sendable[]): Uint8Array {
  const batch = new EventBatch(encoding, MIN_SHARED_BYTES);
  for (const effect of effects) batch.append(effect);
  const message = Buffer.concat(batch.finish());
  expect(batch.byteLength).toBe(message.byteLength);
  return message;
}

/** Around the size from which payloads are shared. */
const LARGE_BYTES = [MIN_SHARED_BYTES - 1, MIN_SHARED_BYTES, MIN_SHARED_BYTES + 1, 300_000];
const large = fc.constantFrom(...LARGE_BYTES).map((size) => Buffer.alloc(size, size & 0x7f));

describe("a batch with large payloads", () => {
  it("is the concatenation of its events, and its parts are the payloads themselves", () => {
    const event = fc.oneof(deliver, assign);
    const sized = fc.tuple(event, fc.option(large)).map(([effect, payload]) => {
      return payload ? { ...effect, payload } : effect;
    });
    fc.assert(
      fc.property(fc.array(sized, { maxLength: 6 }), (effects) => {
        const batch = new EventBatch(encoding, MIN_SHARED_BYTES);
        for (const effect of effects) batch.append(effect);
        const parts = batch.finish();
        const alone = effects.map((effect) => batchOf(effect));
        expect(Buffer.compare(Buffer.concat(parts), Buffer.concat(alone))).toBe(0);
        const shared = effects
          .map(({ payload }) => payload)
          .filter(({ length }) => length >= MIN_SHARED_BYTES);
        const kept = parts.filter((part) => shared.includes(part));
        expect(kept.length).toBe(shared.length);
        expect(kept.every((part, i) => part === shared[i])).toBe(true);
      }),
      { numRuns: 50, endOnFailure: true },
    );
  });
});

describe("a Delivery", () => {
  it("is decoded correctly by the generated code on every stream that carries deliveries", () => {
    fc.assert(
      fc.property(deliver, (effect) => {
        const message = batchOf(effect);
        const streams = [ListenResponse, SubscribeResponse, GatherResponse, SubmitResponse];
        for (const { events } of streams.map((stream) => stream.decode(message))) {
          const [event] = events.map(({ event: content }) => content);
          if (event?.$case !== "delivery") throw new Error("the event is not a delivery");
          expectDelivery(event.value, effect);
        }
      }),
    );
  });

  it("contains its result unchanged, byte for byte", () => {
    fc.assert(
      fc.property(deliver, fc.oneof(bytes, large), (effect, payload) => {
        const body = embeddedDelivery(batchOf({ ...effect, payload }));
        expect(Buffer.compare(fieldsOf(body).at(-1) ?? concat(), bytesField(12, payload))).toBe(0);
      }),
    );
  });

  function embeddedDelivery(message: Uint8Array): Uint8Array {
    const reader = new BinaryReader(message);
    reader.tag();
    const event = new BinaryReader(reader.bytes());
    event.tag();
    return event.bytes();
  }

  function expectDelivery(read: Delivery, effect: Deliver): void {
    const { latency, receiveTime, result: answer, sequence, context: trace, ...plain } = read;
    const { requestId, requester, topic, producerId, principal, group, ordinal, more, late } = effect;
    expect(plain).toEqual({ requestId, requester, topic, producerId, principal, group, ordinal, more, late });
    expect(sequence).toBe(BigInt(effect.sequence));
    expect(trace).toEqual(Object.fromEntries(effect.context));
    expect(answer).toEqual(Result.decode(Buffer.from(effect.payload)));
    expectTime(latency, effect.latencyMs);
    expectTime(receiveTime, clock.timeOfDay(effect.receivedAt));
  }
});

describe("an Assignment", () => {
  it("is decoded correctly by the generated code, with the rest of the TTL", () => {
    fc.assert(
      fc.property(assign, (effect) => {
        const [decoded] = ProduceResponse.decode(batchOf(effect)).messages;
        if (decoded?.message?.$case !== "assignment") throw new Error("the message is not an assignment");
        const {
          ttl,
          expireTime,
          context: trace,
          request: sentRequest,
          ...plain
        }: Assignment = decoded.message.value;
        const { requestId, requester, attempt } = effect;
        expect(plain).toEqual({ assignmentId: String(effect.assignment), requestId, requester, attempt });
        expect(trace).toEqual(Object.fromEntries(effect.context));
        expect(sentRequest).toEqual(Request.decode(Buffer.from(effect.payload)));
        expectTime(ttl, Math.max(0, effect.deadlineAt - NOW_MS));
        expectTime(expireTime, clock.timeOfDay(effect.deadlineAt));
      }),
    );
  });
});

describe("an Acceptance", () => {
  it("is decoded correctly by the generated code", () => {
    fc.assert(
      fc.property(accept, (effect) => {
        const [decoded] = SubmitResponse.decode(batchOf(effect)).events;
        if (decoded?.event?.$case !== "acceptance") throw new Error("the event is not an acceptance");
        const { ttl, expireTime, ...plain }: Acceptance = decoded.event.value;
        const { requestId, targets, listenerCount, ttlMs, deadlineAt } = effect.acceptance;
        expect(plain).toEqual({ requestId, correlationId: effect.correlationId, targets, listenerCount });
        expectTime(ttl, ttlMs);
        expectTime(expireTime, clock.timeOfDay(deadlineAt));
      }),
    );
  });
});

describe("a Rejection for load", () => {
  it("is decoded by the generated code like every other rejection, also when it is encoded repeatedly", () => {
    const refusals = ["a", "b"].map((word) => refusal("OVERLOADED", `too much ${word}`, { word }, 1_000));
    fc.assert(
      fc.property(ascii, fc.constantFrom(...refusals), (correlationId, refused) => {
        const effect = { kind: "reject", to: SESSION, correlationId, refusal: refused } as const;
        const [decoded] = SubmitResponse.decode(batchOf(effect)).events;
        if (decoded?.event?.$case !== "rejection") throw new Error("the event is not a rejection");
        const { status, ...plain } = decoded.event.value;
        const encoded = (one: Status) => Buffer.from(Status.encode(one).finish()).toString("hex");
        expect(plain).toEqual({ correlationId });
        expect(status && encoded(status)).toBe(encoded(rpcStatus(refused)));
      }),
    );
  });
});

describe("a batch", () => {
  const cursor = fc.record({ topic: ascii, epoch: ascii, sequence: position });
  const rare: fc.Arbitrary<Sendable> = fc.oneof(
    fc.record({
      kind: fc.constant("heartbeat" as const),
      to: fc.constant(SESSION),
      cursors: fc.array(cursor, { maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant("goAway" as const),
      to: fc.constant(SESSION),
      reason: fc.constantFrom("SHUTDOWN" as const, "CONNECTION_AGE" as const),
      graceMs: someMs,
    }),
  );
  const effects = fc.array(fc.oneof(deliver, accept, rare), { maxLength: 12 });

  it("contains its events in order", () => {
    fc.assert(
      fc.property(effects, (sent) => {
        const kinds = SubmitResponse.decode(batchOf(...sent)).events.map(({ event }) => event?.$case);
        const names = { deliver: "delivery", accept: "acceptance", heartbeat: "heartbeat", goAway: "goAway" };
        expect(kinds).toEqual(sent.map(({ kind }) => names[kind as keyof typeof names]));
      }),
    );
  });

  it("appended to another batch is one batch with the events of both", () => {
    fc.assert(
      fc.property(effects, effects, (first, second) => {
        const together = concat(batchOf(...first), batchOf(...second));
        expect(Buffer.compare(together, batchOf(...first, ...second))).toBe(0);
        expect(SubmitResponse.decode(together).events).toEqual([
          ...SubmitResponse.decode(batchOf(...first)).events,
          ...SubmitResponse.decode(batchOf(...second)).events,
        ]);
      }),
    );
  });
});

// ---- field numbers ----

describe("field numbers", () => {
  it("are equal for messages that share an encoder or a decoder", () => {
    const { GATHER_EVENT, LISTENER_EVENT, DISPATCHER_MESSAGE } = FIELDS;
    for (const { events } of [FIELDS.SUBMIT_RESPONSE, FIELDS.LISTEN_RESPONSE, FIELDS.SUBSCRIBE_RESPONSE]) {
      expect(events).toBe(FIELDS.GATHER_RESPONSE.events);
    }
    expect(FIELDS.PRODUCE_RESPONSE.messages).toBe(FIELDS.GATHER_RESPONSE.events);
    expect(DISPATCHER_MESSAGE.assignment).toBe(GATHER_EVENT.delivery);
    for (const name of ["delivery", "summary", "heartbeat", "goAway"] as const) {
      expect(LISTENER_EVENT[name]).toBe(GATHER_EVENT[name]);
    }
    for (const name of ["heartbeat", "goAway"] as const) {
      expect(DISPATCHER_MESSAGE[name]).toBe(GATHER_EVENT[name]);
    }
    expect(Object.values(FIELDS.GATHER_REQUEST)).toEqual(Object.values(FIELDS.DISPATCH_REQUEST));
    expect(FIELDS.DURATION).toEqual(FIELDS.TIMESTAMP);
  });

  it("fit into a tag of one byte, as the encoder requires", () => {
    for (const message of Object.values(FIELDS)) {
      for (const number of Object.values(message)) expect(number).toBeLessThan(16);
    }
  });
});

// ---- the primitives ----

describe("a number", () => {
  it.each(BOUNDARIES)("of %i is encoded and decoded as by the generated code", (value) => {
    const writer = new WireWriter();
    writer.reserve(64);
    writer.number(3, value);
    const expected = value === 0 ? concat() : numberField(3, value);
    expect(Buffer.from(writer.take())).toEqual(expected);
    expect(varintSize(value)).toBe(varint(value).length);
    const reader = new WireReader(numberField(3, value));
    expect([reader.next(), reader.field, reader.number(), reader.next()]).toEqual([true, 3, value, false]);
  });

  it("with a sign is decoded as by the generated code", () => {
    const signed = fc.oneof(
      fc.integer(),
      fc.maxSafeInteger(),
      fc.constantFrom(-(2 ** 53) + 1, -1, -128, -(2 ** 31)),
    );
    fc.assert(
      fc.property(signed, (value) => {
        const message = Buffer.from(new BinaryWriter().tag(1, 0).int64(BigInt(value)).finish());
        const [wide, narrow] = [new WireReader(message), new WireReader(message)];
        wide.next();
        narrow.next();
        expect(wide.int64()).toBe(value);
        expect(narrow.int32()).toBe(new BinaryReader(message.subarray(1)).int32());
      }),
    );
  });
});

describe("a reader", () => {
  it("skips the same fields as the generated code, to the same position", () => {
    const field = fc.oneof(
      fc
        .tuple(fc.integer({ min: 1, max: 2 ** 29 - 1 }), fc.bigInt(0n, 2n ** 64n - 1n))
        .map(([n, v]) => numberField(n, v)),
      fc.tuple(fc.integer({ min: 1, max: 2 ** 29 - 1 }), bytes).map(([n, v]) => bytesField(n, v)),
      fc.integer({ min: 1, max: 2 ** 29 - 1 }).map((n) => concat(tag(n, 1), Buffer.alloc(8, 0xff))),
      fc.integer({ min: 1, max: 2 ** 29 - 1 }).map((n) => concat(tag(n, 5), Buffer.alloc(4, 0xff))),
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 8 }), (fields) => {
        const message = concat(...fields);
        const expected = fields.map((bytesOfField) => new BinaryReader(bytesOfField).tag()[0]);
        expect(fieldNumbersOf(message)).toEqual(expected);
      }),
    );
  });

  it("never reads past the end and throws only WireError, for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (junk) => {
        const message = Buffer.from(junk);
        for (const read of [
          () => decodeRequest(message),
          () => decodeCall(message),
          () => decodeSubmit(message),
          () => [...decodeProduce(message, SESSION, LIMITS)],
        ]) {
          try {
            read();
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
