/**
 * The status table of the contract over a real socket: every mistake of a peer, and the exact status that it gets.
 *
 * wire-status.ts, which reads every status, also checks that it is readable and that its details agree with it.
 */
import { readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { gzipSync } from "node:zlib";
import { status as Code } from "@grpc/grpc-js";
import { DispositionState, NoProducersAction, Status } from "ate-dispatcher-client/internal";
import { describe, expect, it, onTestFinished } from "vitest";
import { REASONS } from "../../src/core/vocabulary/reason.js";
import { startServer, useServer } from "../support/in-process.js";
import { writePolicy } from "../support/policy-file.js";
import { callRaw, callWithoutEnd, connectRaw, framed } from "../support/raw-call.js";
import { bearer, writeTokenFile } from "../support/token-file.js";
import {
  bytesField,
  concat,
  LONE_SURROGATE,
  numberField,
  UNKNOWN_FIELDS,
  varint,
} from "../support/wire-bytes.js";
import {
  connect,
  type HelloInit,
  type ProducerInit,
  type RequestInit,
  type WireClient,
} from "../support/wire-client.js";
import { type Refused, readStatus, refusalOf } from "../support/wire-status.js";

const DOMAIN = "ate.dispatcher";
const server = useServer();

function invalid(...fields: readonly string[]) {
  return {
    code: "INVALID_ARGUMENT",
    reason: "INVALID_FIELD",
    domain: DOMAIN,
    fields,
    retryDelayMs: undefined,
  };
}

function violation(metadata: Readonly<Record<string, string>> = {}) {
  return { code: "INVALID_ARGUMENT", reason: "PROTOCOL_VIOLATION", domain: DOMAIN, fields: [], metadata };
}

const malformed = { code: "INVALID_ARGUMENT", reason: "MALFORMED_MESSAGE", domain: DOMAIN, fields: [] };

/** The three calls that carry a request, and how to read the rejection of each. */
const REQUEST_CALLS: readonly (readonly [
  string,
  (client: WireClient, request: Uint8Array) => Promise<Refused>,
])[] = [
  ["Dispatch", (client, request) => refusalOf(client.dispatchBytes(bytesField(1, request)))],
  ["Gather", (client, request) => client.gatherBytes(bytesField(1, request)).ended],
  ["Submit", (client, request) => rejectionOf(client, concat(bytesField(1, "c1"), bytesField(2, request)))],
];

/** Submits a bad request, reads its rejection, and checks that the stream stays open. */
async function rejectionOf(client: WireClient, submission: Uint8Array, named = "c1"): Promise<Refused> {
  const stream = client.submit();
  stream.sendBytes(bytesField(1, submission));
  const { correlationId, status } = await stream.next("rejection");
  expect(correlationId).toBe(named);
  stream.submit({ correlationId: "good", request: { topic: "nobody" } });
  expect((await stream.next("acceptance")).correlationId).toBe("good");
  stream.halfClose();
  expect((await stream.ended).code).toBe("OK");
  if (!status) throw new Error("the Rejection has no status");
  return readStatus(status);
}

function requestBytes(...fields: readonly Uint8Array[]): Buffer {
  return concat(bytesField(1, "good.topic"), ...fields);
}

function durationField(field: number, seconds: number | bigint, nanos: number | bigint = 0): Buffer {
  return bytesField(field, concat(numberField(1, seconds), numberField(2, nanos)));
}

describe.each(REQUEST_CALLS)("%s rejects", (_, ask) => {
  const chars = (length: number) => "x".repeat(length);
  const labels = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      bytesField(2, concat(bytesField(1, `k${i}`), bytesField(2, "v"))),
    );
  const ids = (count: number) => Array.from({ length: count }, (_, i) => bytesField(1, `p${i}`));

  it.each<readonly [string, Uint8Array | string]>([
    ["none", ""],
    ["a dot", "."],
    ["a leading dot", ".a"],
    ["a trailing dot", "a."],
    ["two dots", "a..b"],
    ["the wildcard *", "a.*"],
    ["the wildcard >", "a.>"],
    ["> alone", ">"],
    ["a space", "a b"],
    ["CR LF", "a\r\nb"],
    ["NUL", "a\0b"],
    ["NUL at the end", "a\0"],
    ["a line end at the end", "a\n"],
    ["$SYS", "$SYS.x"],
    ["$JS", "$JS.API.>"],
    ["an accent, composed", "caf\u00e9"],
    ["an accent, decomposed", "cafe\u0301"],
    ["right to left", "\u05e9\u05dc\u05d5\u05dd"],
    ["an emoji", "\u{1f600}"],
    ["half an emoji", concat(Buffer.from("a"), LONE_SURROGATE)],
    ["an overlong dot", Buffer.from([0x61, 0xc0, 0xae, 0x62])],
    ["256 bytes", chars(256)],
    ["100,000 bytes", chars(100_000)],
    ["many tokens past 255 bytes", "ab.".repeat(90)],
  ])("a topic with %s", async (_, topic) => {
    const refused = await ask(connect(server.address), bytesField(1, topic));
    expect(refused).toMatchObject(invalid("request.topic"));
  });

  it.each([
    ["of 0", durationField(7, 0)],
    ["without any field", bytesField(7, "")],
    ["of -1 ns", durationField(7, 0, -1)],
    ["of -1 s", durationField(7, -1)],
    ["of -2^31 s", durationField(7, -(2 ** 31))],
    ["1 ns past the limit", durationField(7, 3_600, 1)],
    ["of 2^31 - 1 s", durationField(7, 2 ** 31 - 1)],
    ["of 2^53 s", durationField(7, 2 ** 53)],
    ["of -2^63 s", durationField(7, -(2n ** 63n))],
    ["of 1 s and -1 ns", durationField(7, 1, -1)],
    ["of -1 s and 1 ns", durationField(7, -1, 1)],
    ["with a second's worth of nanoseconds", durationField(7, 1, 1_000_000_000)],
    ["past protobuf's 10,000 years", durationField(7, 315_576_000_001)],
  ])("a ttl %s", async (_, ttl) => {
    expect(await ask(connect(server.address), requestBytes(ttl))).toMatchObject(invalid("request.ttl"));
  });

  it.each<readonly [string, Uint8Array | string]>([
    ["with a space", "a b"],
    ["of 129 characters", chars(129)],
    ["with NUL", "a\0"],
    ["with an emoji", "\u{1f600}"],
    ["with half an emoji", LONE_SURROGATE],
    ["with a line end", "a\n"],
    ["with DEL", "a\u007f"],
  ])("a request_id %s", async (_, id) => {
    const refused = await ask(connect(server.address), requestBytes(bytesField(8, id)));
    expect(refused).toMatchObject(invalid("request.request_id"));
  });

  it.each([
    ["result_count of 0", numberField(1, 0), "result_count"],
    ["quorum_percent of 0", numberField(2, 0), "quorum_percent"],
    ["quorum_percent of 101", numberField(2, 101), "quorum_percent"],
    ["first_success of false", numberField(3, 0), "first_success"],
    ["stall_timeout of 0", durationField(4, 0), "stall_timeout"],
    ["negative stall_timeout", durationField(4, -1), "stall_timeout"],
    ["stall_timeout of mixed signs", durationField(4, 1, -1), "stall_timeout"],
    ["unknown loser_action", numberField(7, 99), "loser_action"],
    ["negative loser_action", numberField(7, -1), "loser_action"],
  ])("a completion with %s", async (_, completion, field) => {
    const refused = await ask(connect(server.address), requestBytes(bytesField(9, completion)));
    expect(refused).toMatchObject(invalid(`request.completion.${field}`));
  });

  it.each([
    ["a selector with 1,001 producer_ids", bytesField(10, concat(...ids(1_001))), "selector.producer_ids"],
    ["a selector with 33 match_labels", bytesField(10, concat(...labels(33))), "selector.match_labels"],
    ["an unknown no_producers_action", numberField(11, 99), "no_producers_action"],
    ["a negative no_producers_action", numberField(11, -1), "no_producers_action"],
  ])("%s", async (_, field, path) => {
    expect(await ask(connect(server.address), requestBytes(field))).toMatchObject(invalid(`request.${path}`));
  });

  it("several invalid fields, and names all of them", async () => {
    const refused = await ask(
      connect(server.address),
      concat(bytesField(1, "a b"), durationField(7, -1), numberField(11, 4)),
    );
    const fields = ["request.topic", "request.ttl", "request.no_producers_action"];
    expect(refused).toMatchObject(invalid(...fields));
  });

  it("a message without a request", async () => {
    expect(await ask(connect(server.address), concat())).toMatchObject(invalid("request.topic"));
  });

  it("a request without a producer if its action is FAIL", async () => {
    const fail = numberField(11, NoProducersAction.FAIL);
    expect(await ask(connect(server.address), requestBytes(fail))).toMatchObject({
      code: "FAILED_PRECONDITION",
      reason: "NO_PRODUCERS",
      domain: DOMAIN,
      metadata: { topic: "good.topic" },
      retryDelayMs: undefined,
    });
  });

  it("a request_id that was used with other content", async () => {
    const client = connect(server.address);
    const requestId = `used-by-${_}`;
    await client.dispatch({ topic: "nobody", requestId });
    expect(await ask(client, requestBytes(bytesField(8, requestId)))).toMatchObject({
      code: "ALREADY_EXISTS",
      reason: "REQUEST_ID_REUSED",
      domain: DOMAIN,
      metadata: { request_id: requestId },
    });
  });
});

describe("the contract allows", () => {
  const accepted: readonly (readonly [string, RequestInit])[] = [
    ["a topic of 1 byte", { topic: "a" }],
    ["a topic of 255 bytes", { topic: "a".repeat(255) }],
    ["a topic called __proto__", { topic: "__proto__" }],
    ["a topic called constructor.prototype", { topic: "constructor.prototype" }],
    ["a ttl of 1 ns", { topic: "t", ttl: { seconds: 0n, nanos: 1 } }],
    ["the longest ttl", { topic: "t", ttl: { seconds: 3_600n, nanos: 0 } }],
    ["a request_id of 128 characters", { topic: "t", requestId: "!".repeat(127).concat("~") }],
    ["1,000 producer_ids", { topic: "t", selector: { producerIds: Array(1_000).fill("p") } }],
    ["a quorum of 100 %", { topic: "t", completion: { until: { $case: "quorumPercent", value: 100 } } }],
  ];

  it.each(accepted)("%s", async (_, request) => {
    const { requestId } = await connect(server.address).dispatch(request);
    expect(requestId).toMatch(/^[\x21-\x7e]{1,128}$/);
  });

  it("fields that a later version may add", async () => {
    const client = connect(server.address);
    const request = bytesField(1, requestBytes(UNKNOWN_FIELDS));
    await client.dispatchBytes(concat(UNKNOWN_FIELDS, request, UNKNOWN_FIELDS));
    const stream = client.listenBytes(concat(UNKNOWN_FIELDS, bytesField(2, "t"), UNKNOWN_FIELDS));
    await stream.next("ready");
  });

  it("two members of a oneof; the last one on the wire counts", async () => {
    const client = connect(server.address);
    const twice = bytesField(9, concat(numberField(2, 0), numberField(1, 1)));
    await client.dispatchBytes(bytesField(1, requestBytes(twice)));
    const other = bytesField(9, concat(numberField(1, 1), numberField(2, 0)));
    const refused = await refusalOf(client.dispatchBytes(bytesField(1, requestBytes(other))));
    expect(refused).toMatchObject(invalid("request.completion.quorum_percent"));
  });
});

describe("Submit rejects", () => {
  it.each<readonly [string, string]>([
    ["no correlation_id", ""],
    ["a correlation_id of 65 characters", "c".repeat(65)],
    ["a correlation_id with a space", "a b"],
  ])("%s", async (_, correlationId) => {
    const submission = concat(bytesField(1, correlationId), bytesField(2, requestBytes()));
    const refused = await rejectionOf(connect(server.address), submission, correlationId);
    expect(refused).toMatchObject(invalid("correlation_id"));
  });

  it("exclude_listeners without gather", async () => {
    const submission = concat(bytesField(1, "c1"), bytesField(2, requestBytes()), numberField(4, 1));
    const refused = await rejectionOf(connect(server.address), submission);
    expect(refused).toMatchObject(invalid("exclude_listeners"));
  });

  it("a message that is not protobuf, and ends the stream", async () => {
    const stream = connect(server.address).submit();
    stream.sendBytes(bytesField(1, Buffer.from([0xff])));
    expect(await stream.ended).toMatchObject(malformed);
  });
});

describe("CancelRequest rejects", () => {
  it("an unknown request", async () => {
    const refused = await refusalOf(connect(server.address).cancelRequest("unknown-request"));
    expect(refused).toMatchObject({
      code: "NOT_FOUND",
      reason: "REQUEST_NOT_FOUND",
      domain: DOMAIN,
      metadata: { request_id: "unknown-request" },
    });
  });

  it.each<readonly [string, Uint8Array | string]>([
    ["an emoji", "\u{1f600}"],
    ["half an emoji", LONE_SURROGATE],
    ["NUL", "\0"],
  ])("%s, in plain ASCII", async (_, id) => {
    const refused = await refusalOf(connect(server.address).unary("CancelRequest", bytesField(1, id)));
    expect(["NOT_FOUND", "INVALID_ARGUMENT"]).toContain(refused.code);
  });

  it("an empty request_id", async () => {
    expect(await refusalOf(connect(server.address).cancelRequest(""))).toMatchObject(invalid("request_id"));
  });
});

describe("UpdateListener rejects", () => {
  it("a listener that is not connected", async () => {
    const refused = await refusalOf(connect(server.address).updateListener({ listenerId: "nobody" }));
    expect(refused).toMatchObject({
      code: "NOT_FOUND",
      reason: "LISTENER_NOT_FOUND",
      domain: DOMAIN,
      metadata: { listener_id: "nobody" },
    });
  });

  it.each([
    ["no listener_id", {}, "listener_id"],
    ["a malformed topic to add", { listenerId: "l", addTopics: ["ok", "a..b"] }, "add_topics[1]"],
    ["a malformed topic to remove", { listenerId: "l", removeTopics: [">.a"] }, "remove_topics[0]"],
  ])("%s", async (_, change, field) => {
    const refused = await refusalOf(connect(server.address).updateListener(change));
    expect(refused).toMatchObject(invalid(field));
  });

  it("a change with one bad topic as a whole", async () => {
    const client = connect(server.address);
    await client.listener({ listenerId: "steady", topics: ["steady.a"] });
    await refusalOf(client.updateListener({ listenerId: "steady", addTopics: ["steady.b", ""] }));
    expect(await client.updateListener({ listenerId: "steady" })).toEqual(["steady.a"]);
  });
});

describe("Listen rejects", () => {
  const bad: readonly (readonly [string, Uint8Array, string])[] = [
    ["a listener_id with a space", bytesField(1, "a b"), "listener_id"],
    ["a listener_id of 129 characters", bytesField(1, "l".repeat(129)), "listener_id"],
    ["a listener_id with an emoji", bytesField(1, "\u{1f600}"), "listener_id"],
    ["an empty topic", concat(bytesField(2, "ok"), bytesField(2, "")), "topics[1]"],
    ["a topic with NUL", bytesField(2, "\0"), "topics[0]"],
    ["> before the last token", bytesField(2, "a.>.b"), "topics[0]"],
    ["* within a token", bytesField(2, "a*"), "topics[0]"],
    ["an unknown overflow_action", numberField(6, 99), "overflow_action"],
    ["a buffer of 1 byte", numberField(7, 1), "buffer_bytes"],
    ["a buffer past the limit", numberField(7, 64 * 1024 * 1024 + 1), "buffer_bytes"],
    ["a group with a space", bytesField(8, "a b"), "group"],
    ["10,001 topics", concat(...Array(10_001).fill(bytesField(2, "t"))), "topics"],
    ["10,001 cursors", concat(...Array(10_001).fill(bytesField(3, ""))), "resume_from"],
    ["a cursor without a topic", bytesField(3, ""), "resume_from[0].topic"],
    ["a cursor of a pattern", bytesField(3, bytesField(1, "a.*")), "resume_from[0].topic"],
    [
      "a cursor with an epoch of 129 characters",
      bytesField(3, concat(bytesField(1, "a"), bytesField(2, "e".repeat(129)))),
      "resume_from[0].epoch",
    ],
  ];

  it.each(bad)("%s", async (_, message, field) => {
    expect(await connect(server.address).listenBytes(message).ended).toMatchObject(invalid(field));
  });

  it.each(bad)("%s, also as the first message of Subscribe", async (_, message, field) => {
    const stream = connect(server.address).subscribe();
    stream.sendBytes(bytesField(1, message));
    expect(await stream.ended).toMatchObject(invalid(`listen.${field}`));
  });

  it("cursors_follow, since no second message can follow", async () => {
    const { ended } = connect(server.address).listen({ topics: ["a"], cursorsFollow: true });
    expect(await ended).toMatchObject(invalid("cursors_follow"));
  });

  it("half an emoji in a listener_id", async () => {
    const { ended } = connect(server.address).listenBytes(bytesField(1, LONE_SURROGATE));
    expect(await ended).toMatchObject({ code: "INVALID_ARGUMENT", domain: DOMAIN });
  });

  it("a message that is not protobuf", async () => {
    expect(await connect(server.address).listenBytes(Buffer.from([0x0a, 0x7f])).ended).toMatchObject(
      malformed,
    );
  });
});

describe("Subscribe rejects", () => {
  const listen = { $case: "listen", value: { topics: ["sub.a"] } } as const;

  it.each<readonly [string, Uint8Array]>([
    ["an update", bytesField(2, "")],
    ["nothing", concat()],
    ["an unknown message", bytesField(15, "")],
  ])("%s as the first message", async (_, message) => {
    const stream = connect(server.address).subscribe();
    stream.sendBytes(message);
    expect(await stream.ended).toMatchObject(violation());
  });

  it("a second listen", async () => {
    const stream = connect(server.address).subscribe();
    stream.send(listen);
    await stream.next("ready");
    stream.send(listen);
    expect(await stream.ended).toMatchObject(violation());
  });

  it("a half-close before listen", async () => {
    const stream = connect(server.address).subscribe();
    stream.halfClose();
    expect(await stream.ended).toMatchObject(violation());
  });

  it.each([
    ["to add", { addTopics: ["ok", "a b"] }, "update.add_topics[1]"],
    ["to remove", { removeTopics: [""] }, "update.remove_topics[0]"],
  ])("a malformed topic %s", async (_, value, field) => {
    const stream = connect(server.address).subscribe();
    stream.send(listen);
    await stream.next("ready");
    stream.send({ $case: "update", value });
    expect(await stream.ended).toMatchObject(invalid(field));
  });

  const cursorsOf = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ topic: `sub.${from + i}`, epoch: "e", sequence: 1n }));

  it.each([
    ["a cursor", { resumeFrom: cursorsOf(0, 1) }, "update.resume_from"],
    ["cursors_follow", { cursorsFollow: true }, "update.cursors_follow"],
  ])("%s after ready", async (_, value, field) => {
    const stream = connect(server.address).subscribe();
    stream.send(listen);
    await stream.next("ready");
    stream.send({ $case: "update", value });
    expect(await stream.ended).toMatchObject(invalid(field));
  });

  it.each([
    ["a malformed topic to add", { addTopics: ["ok", "a b"] }, "update.add_topics[1]"],
    ["a malformed topic to remove", { removeTopics: [""] }, "update.remove_topics[0]"],
    ["a cursor of a pattern", { resumeFrom: [{ topic: ">" }] }, "update.resume_from[0].topic"],
    ["more than 10,000 cursors in all", { resumeFrom: cursorsOf(6_000, 4_001) }, "update.resume_from"],
  ])("a part with %s", async (_, value, field) => {
    const stream = connect(server.address).subscribe();
    const first = { topics: ["sub.a"], resumeFrom: cursorsOf(0, 6_000), cursorsFollow: true };
    stream.send({ $case: "listen", value: first });
    stream.send({ $case: "update", value: { ...value, cursorsFollow: true } });
    expect(await stream.ended).toMatchObject(invalid(field));
    expect(stream.events).toEqual([]);
  });

  it("parts with too many topics in all", async () => {
    const client = connect((await startServer({ maxRegistrationsPerSession: 2 })).address);
    const stream = client.subscribe();
    stream.send({ $case: "listen", value: { topics: ["a"], cursorsFollow: true } });
    stream.send({ $case: "update", value: { addTopics: ["b", "c"], cursorsFollow: true } });
    expect(await stream.ended).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "REGISTRATION_LIMIT" });
  });

  it("a half-close before the last part", async () => {
    const stream = connect(server.address).subscribe();
    stream.send({ $case: "listen", value: { cursorsFollow: true } });
    stream.send({ $case: "update", value: { cursorsFollow: true } });
    stream.halfClose();
    expect(await stream.ended).toMatchObject(violation());
  });

  it("an update that is not protobuf", async () => {
    const stream = connect(server.address).subscribe();
    stream.send(listen);
    await stream.next("ready");
    stream.sendBytes(concat(bytesField(2, Buffer.from([0x0a, 0x05]))));
    expect(await stream.ended).toMatchObject(malformed);
  });
});

describe("Produce rejects", () => {
  const beforeHello: readonly (readonly [string, ProducerInit, Readonly<Record<string, string>>])[] = [
    ["a reply", { $case: "reply", value: { assignmentId: "1" } }, { got: "reply" }],
    ["a register", { $case: "register", value: {} }, { got: "register" }],
    ["a deregister", { $case: "deregister", value: {} }, { got: "deregister" }],
    ["a credit update", { $case: "updateCredit", value: { maxOutstanding: 1 } }, { got: "updateCredit" }],
    ["a drain", { $case: "drain", value: {} }, { got: "drain" }],
  ];

  it.each(beforeHello)("%s before Hello", async (_, message, metadata) => {
    const stream = connect(server.address).produce();
    stream.send(message);
    expect(await stream.ended).toMatchObject(violation(metadata));
  });

  it.each<readonly [string, Uint8Array]>([
    ["an empty message", bytesField(1, "")],
    ["a message of a later version", bytesField(1, bytesField(15, ""))],
  ])("%s before Hello", async (_, message) => {
    const stream = connect(server.address).produce();
    stream.sendBytes(message);
    expect(await stream.ended).toMatchObject(violation());
  });

  it("a second Hello", async () => {
    const stream = await connect(server.address).producer("twice");
    stream.send({ $case: "hello", value: {} });
    expect(await stream.ended).toMatchObject(violation());
  });

  it("every message after a message before Hello", async () => {
    const client = connect(server.address);
    const stream = client.produce();
    const hello: ProducerInit = { $case: "hello", value: { registrations: [{ topic: "behind.mistake" }] } };
    stream.send({ $case: "drain", value: {} }, hello);
    expect(await stream.ended).toMatchObject(violation());
    expect(stream.events).toEqual([]);
  });

  it("every message after a second Hello", async () => {
    const client = connect(server.address);
    const listener = await client.listener({ topics: ["behind.hello"] });
    const stream = await client.producer("behind-hello", ["behind.hello"]);
    await client.dispatch({ topic: "behind.hello" });
    const { assignmentId } = await stream.next("assignment");
    const reply: ProducerInit = { $case: "reply", value: { assignmentId } };
    stream.send({ $case: "hello", value: {} }, reply);
    expect(await stream.ended).toMatchObject(violation());
    expect(listener.all("delivery")).toEqual([]);
  });

  const text = (length: number) => "x".repeat(length);
  const badHello: readonly (readonly [string, HelloInit, string])[] = [
    ["a producer_id with a space", { producerId: "a b" }, "producer_id"],
    ["a producer_id of 129 characters", { producerId: text(129) }, "producer_id"],
    ["a producer_id with NUL", { producerId: "\0" }, "producer_id"],
    ["a producer_id with an emoji", { producerId: "\u{1f600}" }, "producer_id"],
    ["a display_name of 257 bytes", { displayName: text(257) }, "display_name"],
    ["a display_name of 129 two-byte characters", { displayName: "\u00e9".repeat(129) }, "display_name"],
    ["33 labels", { labels: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [i, ""])) }, "labels"],
    ["a label key of 129 bytes", { labels: { [text(129)]: "" } }, "labels.key"],
    ["a label value of 129 bytes", { labels: { k: text(129) } }, "labels.value"],
    ["a label value of 65 two-byte characters", { labels: { k: "\u00e9".repeat(65) } }, "labels.value"],
    ["an empty topic", { registrations: [{ topic: "ok" }, { topic: "" }] }, "registrations[1].topic"],
    ["a malformed pattern", { registrations: [{ topic: "a.>.b" }] }, "registrations[0].topic"],
    ["a malformed group", { registrations: [{ topic: "a", group: "\0" }] }, "registrations[0].group"],
    ["a window past the limit", { maxOutstanding: 65_537 }, "max_outstanding"],
    ["a backlog past the limit", { maxBacklog: 4_294_967_295 }, "max_backlog"],
    ["10,001 registrations", { registrations: Array(10_001).fill({ topic: "t" }) }, "registrations"],
  ];

  it.each(badHello)("%s", async (_, hello, field) => {
    const stream = connect(server.address).produce();
    stream.send({ $case: "hello", value: hello });
    const welcomed = stream.next("welcome").then(
      () => "welcomed",
      () => stream.ended,
    );
    expect(await Promise.race([welcomed, stream.ended])).toMatchObject(invalid(`messages.hello.${field}`));
  });

  it("half an emoji in a producer_id", async () => {
    const stream = connect(server.address).produce();
    stream.sendBytes(bytesField(1, bytesField(2, bytesField(1, LONE_SURROGATE))));
    expect(await stream.ended).toMatchObject({ code: "INVALID_ARGUMENT", domain: DOMAIN });
  });

  it("a message that is not protobuf, but processes the messages before it in the batch", async () => {
    const client = connect(server.address);
    const stream = await client.producer("before-garbage", ["before.garbage"]);
    const gather = client.gather({ topic: "before.garbage" });
    const { assignmentId } = await stream.next("assignment");
    const reply = bytesField(1, bytesField(1, bytesField(1, assignmentId)));
    stream.sendBytes(concat(reply, Buffer.from([0x0a, 0x05])));
    expect((await gather.next("summary")).answeredCount).toBe(1);
    expect(await stream.ended).toMatchObject(malformed);
  });

  it.each<readonly [string, Uint8Array]>([
    ["a reply that is cut off", bytesField(1, Buffer.from([0x0a, 0x05, 0x0a]))],
    ["an assignment_id of the wrong wire type", bytesField(1, bytesField(1, numberField(1, 1)))],
    ["a result of the wrong wire type", bytesField(1, bytesField(1, numberField(3, 1)))],
    ["a field number 0", bytesField(1, numberField(0, 1))],
    ["a field number past the largest one", bytesField(1, numberField(2 ** 29, 1))],
    ["a number longer than 10 bytes", concat(Buffer.from([0x10]), Buffer.alloc(11, 0xff))],
    ["a length past the message", concat(Buffer.from([0x0a]), varint(2n ** 63n))],
  ])("%s", async (_, message) => {
    const stream = await connect(server.address).producer("");
    stream.sendBytes(message);
    expect(await stream.ended).toMatchObject(malformed);
  });
});

describe("a minor mistake of a producer yields a Fault and leaves the stream open:", () => {
  async function faultOf(send: (stream: Awaited<ReturnType<WireClient["producer"]>>) => void) {
    const stream = await connect(server.address).producer("");
    send(stream);
    const { correlationId, status } = await stream.next("fault");
    stream.send({ $case: "register", value: { registrations: [{ topic: "open" }], correlationId: "open" } });
    expect((await stream.next("registered")).correlationId).toBe("open");
    if (!status) throw new Error("the Fault has no status");
    return { correlationId, ...readStatus(status) };
  }

  it.each<readonly [string, ProducerInit, string, string]>([
    [
      "a malformed topic",
      {
        $case: "register",
        value: { correlationId: "r1", registrations: [{ topic: "ok" }, { topic: "a..b" }] },
      },
      "r1",
      "messages.register.registrations[1].topic",
    ],
    [
      "a malformed group",
      { $case: "register", value: { correlationId: "r2", registrations: [{ topic: "ok", group: "a b" }] } },
      "r2",
      "messages.register.registrations[0].group",
    ],
    [
      "a correlation_id of 65 bytes",
      { $case: "register", value: { correlationId: "r".repeat(65) } },
      "r".repeat(65),
      "messages.register.correlation_id",
    ],
    [
      "a malformed topic to leave",
      { $case: "deregister", value: { correlationId: "d1", topics: ["ok", "a b"] } },
      "d1",
      "messages.deregister.topics[1]",
    ],
    [
      "a window of 0",
      { $case: "updateCredit", value: { maxOutstanding: 0 } },
      "",
      "messages.update_credit.max_outstanding",
    ],
    [
      "a window past the limit",
      { $case: "updateCredit", value: { maxOutstanding: 65_537 } },
      "",
      "messages.update_credit.max_outstanding",
    ],
  ])("%s", async (_, message, correlationId, field) => {
    const fault = await faultOf((stream) => stream.send(message));
    expect(fault).toMatchObject({ correlationId, ...invalid(field) });
  });

  it.each<readonly [string, Uint8Array]>([
    ["an empty message", bytesField(1, "")],
    ["a message of a later version", bytesField(1, bytesField(15, "later"))],
  ])("%s", async (_, message) => {
    const fault = await faultOf((stream) => stream.sendBytes(message));
    expect(fault).toMatchObject(invalid("messages.message"));
  });

  it("a register with one bad topic joins no topic", async () => {
    const client = connect(server.address);
    const stream = await client.producer("joins-nothing");
    const registrations = [{ topic: "joined.nothing" }, { topic: "a..b" }];
    stream.send({ $case: "register", value: { registrations } });
    await stream.next("fault");
    const { targets } = await client.dispatch({ topic: "joined.nothing" }, { validateOnly: true });
    expect(targets).toEqual([]);
  });

  it("a deregister with one bad topic leaves no topic", async () => {
    const client = connect(server.address);
    const stream = await client.producer("leaves-nothing", ["left.nothing"]);
    stream.send({ $case: "deregister", value: { topics: ["left.nothing", "a..b"] } });
    await stream.next("fault");
    const { targets } = await client.dispatch({ topic: "left.nothing" }, { validateOnly: true });
    expect(targets.map(({ producerId }) => producerId)).toEqual(["leaves-nothing"]);
  });

  it("a register after Drain", async () => {
    const client = connect(server.address);
    const stream = await client.producer("drains", ["drains.a"]);
    await client.dispatch({ topic: "drains.a" });
    const assignment = await stream.next("assignment");
    const register: ProducerInit = {
      $case: "register",
      value: { registrations: [{ topic: "drains.b" }], correlationId: "too-late" },
    };
    stream.send({ $case: "drain", value: {} }, register);
    const { correlationId, status } = await stream.next("fault");
    expect(correlationId).toBe("too-late");
    expect(status && readStatus(status)).toMatchObject(violation());
    stream.answer(assignment, 1);
    await stream.next("drained");
    expect((await stream.ended).code).toBe("OK");
  });
});

describe("a reply", () => {
  const result = bytesField(3, bytesField(2, "data"));

  /** A producer with dispositions and an outstanding assignment, and the gather that waits for it. */
  async function openAssignment(topic: string) {
    const client = connect(server.address);
    const stream = await client.producer(`${topic}.mine`, [topic], { reportDispositions: true });
    const gather = client.gather({ topic });
    const assignment = await stream.next("assignment");
    return { client, stream, gather, assignment };
  }

  it.each<readonly [string, Uint8Array | string, unknown]>([
    ["is empty", "", ""],
    ["was never assigned", "999999999", "999999999"],
    ["is not a number", "one", "one"],
    ["is longer than any number", "9".repeat(400), `${"9".repeat(64)}...`],
    ["is negative", "-1", "-1"],
    ["has NUL", "1\0", "1\\u0000"],
    ["has an emoji", "\u{1f600}", "\u{1f600}"],
    ["has half an emoji", LONE_SURROGATE, expect.stringMatching(/^\ufffd+$/)],
  ])(
    "whose assignment_id %s is UNKNOWN, is answered with a Fault, and has no other effect",
    async (_, id, named) => {
      const { stream, gather, assignment } = await openAssignment("reply.unknown");
      stream.sendBytes(bytesField(1, bytesField(1, concat(bytesField(1, id), result))));
      expect((await stream.next("disposition")).state).toBe(DispositionState.UNKNOWN);
      const { correlationId, status } = await stream.next("fault");
      expect(correlationId).toBe("");
      expect(status && readStatus(status)).toMatchObject({
        code: "NOT_FOUND",
        reason: "ASSIGNMENT_NOT_FOUND",
        metadata: { assignment_id: named },
      });
      stream.answer(assignment, 1);
      expect((await stream.next("disposition")).state).toBe(DispositionState.ACCEPTED);
      expect((await gather.next("summary")).answeredCount).toBe(1);
      expect(gather.all("delivery")).toHaveLength(1);
    },
  );

  it("to another producer's assignment is UNKNOWN, and the assignment stays outstanding", async () => {
    const { client, gather, stream, assignment } = await openAssignment("reply.foreign");
    const other = await client.producer("other", [], { reportDispositions: true });
    other.answer(assignment, "not mine");
    expect((await other.next("disposition")).state).toBe(DispositionState.UNKNOWN);
    await other.next("fault");
    stream.answer(assignment, "mine");
    expect((await gather.next("delivery")).result?.outcome).toEqual({ $case: "value", value: "mine" });
  });

  it("after the final reply is a DUPLICATE and is not delivered", async () => {
    const { gather, stream, assignment } = await openAssignment("reply.twice");
    stream.answer(assignment, "first");
    stream.answer(assignment, "second");
    expect((await stream.next("disposition")).state).toBe(DispositionState.ACCEPTED);
    expect((await stream.next("disposition")).state).toBe(DispositionState.DUPLICATE);
    expect((await gather.ended).code).toBe("OK");
    expect(gather.all("delivery")).toHaveLength(1);
    expect(stream.all("fault")).toEqual([]);
  });

  it("gets no disposition if the producer did not ask for dispositions, but a Fault if it is unknown", async () => {
    const client = connect(server.address);
    const stream = await client.producer("quiet", ["reply.quiet"]);
    stream.answer({ assignmentId: "999999999" }, 1);
    await client.dispatch({ topic: "reply.quiet" });
    const assignment = await stream.next("assignment");
    stream.answer(assignment, 1);
    stream.answer(assignment, 1);
    stream.send({ $case: "register", value: { correlationId: "fence" } });
    await stream.next("registered");
    expect(stream.events.map(({ $case }) => $case)).toEqual(["welcome", "fault", "assignment", "registered"]);
  });

  it("with a malformed result is the assignment's failure, and a Fault", async () => {
    const { gather, stream, assignment } = await openAssignment("reply.malformed");
    const malformedResult = bytesField(3, bytesField(1, Buffer.from([0xff])));
    stream.sendBytes(
      bytesField(1, bytesField(1, concat(bytesField(1, assignment.assignmentId), malformedResult))),
    );
    const { status } = await stream.next("fault");
    expect(status && readStatus(status)).toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: "MALFORMED_RESULT",
      domain: DOMAIN,
    });
    expect((await gather.next("summary")).failedCount).toBe(1);
  });

  it("without a result counts as a null value", async () => {
    const { gather, stream, assignment } = await openAssignment("reply.empty");
    stream.send({ $case: "reply", value: { assignmentId: assignment.assignmentId } });
    expect((await gather.next("delivery")).result?.outcome).toBeUndefined();
    expect((await gather.next("summary")).answeredCount).toBe(1);
  });

  it("with unknown fields is accepted", async () => {
    const { gather, stream, assignment } = await openAssignment("reply.later-version");
    const reply = bytesField(1, concat(UNKNOWN_FIELDS, bytesField(1, assignment.assignmentId), result));
    stream.sendBytes(concat(UNKNOWN_FIELDS, bytesField(1, concat(UNKNOWN_FIELDS, reply, UNKNOWN_FIELDS))));
    expect((await stream.next("disposition")).state).toBe(DispositionState.ACCEPTED);
    expect((await gather.next("summary")).answeredCount).toBe(1);
  });

  it("followed by another member of the oneof is ignored; the last member on the wire counts", async () => {
    const { stream, assignment } = await openAssignment("reply.oneof");
    const reply = bytesField(1, bytesField(1, assignment.assignmentId));
    const register = bytesField(3, bytesField(2, "instead"));
    stream.sendBytes(bytesField(1, concat(reply, register)));
    stream.send({ $case: "register", value: { correlationId: "fence" } });
    await stream.take("registered", 1);
    expect(stream.all("registered").map(({ correlationId }) => correlationId)).toContain("instead");
    expect(stream.all("disposition")).toEqual([]);
  });

  it("whose result has two outcomes has the last one on the wire", async () => {
    const { gather, stream, assignment } = await openAssignment("reply.outcomes");
    const error = bytesField(3, concat(numberField(1, 5), bytesField(2, "gone")));
    const two = bytesField(3, concat(error, bytesField(2, "data")));
    stream.sendBytes(bytesField(1, bytesField(1, concat(bytesField(1, assignment.assignmentId), two))));
    const { answeredCount, failedCount } = await gather.next("summary");
    expect({ answeredCount, failedCount }).toEqual({ answeredCount: 1, failedCount: 0 });
  });
});

describe("streams and requests beyond a limit", () => {
  it("a producer that causes more than 1,000 faults at once ends RESOURCE_EXHAUSTED", async () => {
    const stream = await connect(server.address).producer("faulty");
    stream.sendBytes(Buffer.alloc(100_000, bytesField(1, "")));
    expect(await stream.ended).toMatchObject({
      ...{ code: "RESOURCE_EXHAUSTED", reason: "FAULT_LIMIT" },
      metadata: { limit: "1000", limit_per_second: "100" },
      retryDelayMs: 10_000,
    });
    expect(stream.all("fault").length).toBeGreaterThanOrEqual(1_000);
    expect(stream.all("fault").length).toBeLessThan(2_000);
  });

  it("a Submit stream with more than 1,000 invalid requests at once ends RESOURCE_EXHAUSTED", async () => {
    const stream = connect(server.address).submit();
    stream.sendBytes(Buffer.alloc(100_000, bytesField(1, "")));
    expect(await stream.ended).toMatchObject({
      ...{ code: "RESOURCE_EXHAUSTED", reason: "FAULT_LIMIT" },
      metadata: { limit: "1000", limit_per_second: "100" },
      retryDelayMs: 10_000,
    });
    expect(stream.all("rejection").length).toBeGreaterThanOrEqual(1_000);
    expect(stream.all("rejection").length).toBeLessThan(2_000);
  });

  const retry = { code: "RESOURCE_EXHAUSTED", domain: DOMAIN };

  it("get RESOURCE_EXHAUSTED with RetryInfo at the limit of pending requests", async () => {
    const client = connect((await startServer({ maxPendingRequests: 1, peerShare: 0 })).address);
    const held = { topic: "t", noProducersAction: NoProducersAction.WAIT };
    await client.dispatch(held);
    for (const [, ask] of REQUEST_CALLS.slice(0, 2)) {
      const refused = await ask(client, requestBytes());
      expect(refused).toMatchObject({ ...retry, reason: "PENDING_LIMIT", metadata: { limit: "1" } });
      expect(refused.retryDelayMs).toBeGreaterThan(0);
    }
    const stream = client.submit();
    stream.submit({ correlationId: "c1", request: held });
    const { status } = await stream.next("rejection");
    expect(status && readStatus(status)).toMatchObject({ ...retry, reason: "PENDING_LIMIT" });
  });

  it("get RESOURCE_EXHAUSTED at the limit of pending bytes", async () => {
    const client = connect((await startServer({ maxPendingBytes: 1_024, peerShare: 0 })).address);
    const refused = await refusalOf(client.dispatch({ topic: "t", data: Buffer.alloc(1_025) }));
    expect(refused).toMatchObject({ ...retry, reason: "PENDING_BYTES_LIMIT", metadata: { limit: "1024" } });
    expect(refused.retryDelayMs).toBeGreaterThan(0);
  });

  it("get RESOURCE_EXHAUSTED at the limit of topics", async () => {
    const client = connect((await startServer({ maxTopics: 1, peerShare: 0 })).address);
    const held = (topic: string) => ({ topic, noProducersAction: NoProducersAction.WAIT });
    await client.dispatch(held("a"));
    const refused = await refusalOf(client.dispatch(held("b")));
    expect(refused).toMatchObject({ ...retry, reason: "TOPIC_LIMIT", metadata: { limit: "1" } });
    expect(refused.retryDelayMs).toBeGreaterThan(0);
  });

  it("get RESOURCE_EXHAUSTED with RetryInfo at the limit of requests per second", async () => {
    const client = connect((await startServer({ maxRequestsPerSecond: 1 })).address);
    const asked = Array.from({ length: 20 }, () => client.dispatch({ topic: "t" }));
    const settled = await Promise.allSettled(asked);
    const rejected = asked[settled.findIndex(({ status }) => status === "rejected")];
    const refused = await refusalOf(rejected as Promise<unknown>);
    expect(refused).toMatchObject({ ...retry, reason: "RATE_LIMIT", metadata: { limit: "1" } });
    expect(refused.retryDelayMs).toBeGreaterThan(0);
  });

  it("get RESOURCE_EXHAUSTED with RetryInfo at the limit of held bytes, on every kind of call", async () => {
    const client = connect((await startServer({ maxHeldBytes: 500_000, peerShare: 0 })).address);
    const producer = await client.producer("p");
    const request = { topic: "t", noProducersAction: NoProducersAction.WAIT, data: Buffer.alloc(445_000) };
    await client.dispatch(request);
    const limit = {
      ...retry,
      reason: "HELD_BYTES_LIMIT",
      metadata: { limit: "500000" },
      retryDelayMs: 1_000,
    };
    expect(await refusalOf(client.dispatch(request))).toMatchObject(limit);
    const produce = client.produce();
    produce.send({ $case: "hello", value: {} });
    const subscribe = client.subscribe();
    subscribe.send({ $case: "listen", value: {} });
    for (const { ended } of [
      produce,
      subscribe,
      client.listen({}),
      client.submit(),
      client.gather(request),
    ]) {
      expect(await ended).toMatchObject(limit);
    }
    const registrations = Array.from({ length: 100 }, (_, i) => ({ topic: `${"x".repeat(200)}.${i}` }));
    producer.send({ $case: "register", value: { registrations } });
    const { status } = await producer.next("fault");
    expect(status && readStatus(status)).toMatchObject(limit);
  });

  it("get RESOURCE_EXHAUSTED with RetryInfo on a connection whose answers are not read", async () => {
    const { address } = await startServer();
    const topics = Array.from({ length: 2_000 }, (_, i) => `unread.${"x".repeat(200)}.${i}`);
    await connect(address).producer("p", topics);
    const session = connectRaw(address);
    // A page has 256 KiB, and 64 KiB of each answer fit into the window of its stream.
    for (let i = 0; i < 50; i++) {
      const unread = session.request({
        ":method": "POST",
        ":path": "/ate.dispatcher.v1.IntrospectionService/ListProducers",
        "content-type": "application/grpc",
        te: "trailers",
      });
      unread.on("error", () => undefined);
      unread.end(Buffer.alloc(5));
      await new Promise((resolve) => unread.on("response", resolve));
    }
    const { refused } = await callRaw(session, "Dispatch", framed(bytesField(1, bytesField(1, "t"))));
    const limit = { ...retry, reason: "UNREAD_LIMIT", metadata: { limit: "8388608" }, retryDelayMs: 1_000 };
    expect(refused).toMatchObject(limit);
  });

  it("get RESOURCE_EXHAUSTED as a producer that does not read, when more waits than its buffer holds", async () => {
    const client = connect((await startServer({ producerBufferBytes: 1_024 })).address);
    const deaf = await client.producer("deaf");
    deaf.pause();
    const register = bytesField(1, bytesField(3, bytesField(2, "c".repeat(64))));
    // Each is answered by a Registered of its length. The transports of both sides hold several MiB.
    for (let i = 0; i < 30; i++) deaf.sendBytes(Buffer.alloc(5_000 * register.length, register));
    await expect.poll(async () => (await client.serverInfo()).counts.producers, { timeout: 30_000 }).toBe(0);
    deaf.resume();
    expect(await deaf.ended).toMatchObject({
      ...retry,
      reason: "SLOW_PRODUCER",
      metadata: { limit: "1024" },
    });
  });

  it("get RESOURCE_EXHAUSTED at the limit of sessions, on every kind of stream", async () => {
    const client = connect((await startServer({ maxSessions: 1, peerShare: 0 })).address);
    await client.listener({ topics: ["t"] });
    const produce = client.produce();
    produce.send({ $case: "hello", value: {} });
    const subscribe = client.subscribe();
    subscribe.send({ $case: "listen", value: {} });
    const gather = client.gather({ topic: "t" });
    for (const { ended } of [client.listen({}), produce, subscribe, client.submit(), gather]) {
      const refused = await ended;
      expect(refused).toMatchObject({ ...retry, reason: "SESSION_LIMIT", metadata: { limit: "1" } });
      expect(refused.retryDelayMs).toBeGreaterThan(0);
    }
  });

  it.each([
    ["Watch", "/ate.dispatcher.v1.IntrospectionService/Watch"],
    ["Watch of health checks", "/grpc.health.v1.Health/Watch"],
    ["reflection", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"],
    ["reflection, alpha", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"],
  ])("get RESOURCE_EXHAUSTED at the limit of sessions, and count towards it: %s", async (_, path) => {
    const { address } = await startServer({ maxSessions: 1 });
    const client = connect(address);
    const listener = await client.listener({ topics: ["t"] });
    const session = connectRaw(address);
    const limit = { ...retry, reason: "SESSION_LIMIT" };
    expect((await callRaw(session, path, Buffer.alloc(5))).refused).toMatchObject(limit);
    listener.cancel();
    await expect.poll(async () => (await client.serverInfo()).counts.listeners).toBe(0);
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.on("error", () => undefined);
    const answered = new Promise((resolve) => stream.on("data", resolve));
    if (path.includes("Reflection")) stream.write(Buffer.from([0, 0, 0, 0, 2, 0x3a, 0]));
    else stream.end(Buffer.alloc(5));
    await answered;
    expect(await client.listen({}).ended).toMatchObject(limit);
    stream.close();
    await expect
      .poll(async () => {
        const listening = client.listen({ topics: ["t"] });
        return Promise.race([
          listening.next("ready").then(() => "ready"),
          listening.ended.then(({ reason }) => reason),
        ]);
      })
      .toBe("ready");
  });

  it("get RESOURCE_EXHAUSTED at the limit of a session's topics, and producers get it as a Fault", async () => {
    const client = connect((await startServer({ maxRegistrationsPerSession: 1 })).address);
    const producer = await client.producer("p", ["a"]);
    producer.send({ $case: "register", value: { registrations: [{ topic: "b" }] } });
    const { status } = await producer.next("fault");
    expect(status && readStatus(status)).toMatchObject({ ...retry, reason: "REGISTRATION_LIMIT" });
    await client.listener({ listenerId: "l", topics: ["a"] });
    const refused = await refusalOf(client.updateListener({ listenerId: "l", addTopics: ["b"] }));
    expect(refused).toMatchObject({ ...retry, reason: "REGISTRATION_LIMIT" });
  });

  it("get RESOURCE_EXHAUSTED for metadata beyond the limit", async () => {
    const client = connect((await startServer({ maxMetadataBytes: 1_024 })).address);
    const init = { metadata: { "x-big": "x".repeat(1_024) } };
    const reason = { ...retry, reason: "METADATA_LIMIT", metadata: { limit: "1024" } };
    expect(await refusalOf(client.dispatch({ topic: "t" }, init))).toMatchObject(reason);
    expect(await client.listen({}, init).ended).toMatchObject(reason);
    expect(await client.produce(init).ended).toMatchObject(reason);
  });

  it("get RESOURCE_EXHAUSTED for a message beyond the limit, but not for one of exactly the limit", async () => {
    const client = connect((await startServer({ maxMessageBytes: 65_536 })).address);
    const request = bytesField(1, bytesField(1, "t"));
    // A field that no version knows fills the message up to the limit.
    const message = concat(request, bytesField(15, Buffer.alloc(65_536 - request.length - 4)));
    expect(message.length).toBe(65_536);
    await client.dispatchBytes(message);
    const tooLarge = concat(message, Buffer.from([0x10, 0x00]));
    const limit = { ...retry, reason: "MESSAGE_LIMIT", metadata: { limit: "65536" } };
    expect(await refusalOf(client.dispatchBytes(tooLarge))).toMatchObject(limit);
    expect(await client.gatherBytes(tooLarge).ended).toMatchObject(limit);
    const producer = await client.producer("p-large", ["t"]);
    producer.sendBytes(tooLarge);
    expect(await producer.ended).toMatchObject(limit);
  });

  it("get RESOURCE_EXHAUSTED for a message that exceeds the limit after decompression", async () => {
    const { address } = await startServer({ maxMessageBytes: 65_536 });
    const session = connectHttp2(`http://${address}`);
    onTestFinished(() => session.destroy());
    const call = session.request({
      ":method": "POST",
      ":path": "/ate.dispatcher.v1.DispatcherService/Dispatch",
      "content-type": "application/grpc",
      "grpc-encoding": "gzip",
      te: "trailers",
    });
    const packed = gzipSync(Buffer.alloc(100_000));
    const frame = Buffer.from([1, 0, 0, 0, packed.byteLength]);
    call.end(concat(frame, packed));
    const headers = await new Promise<Record<string, unknown>>((resolve) => call.on("response", resolve));
    const details = Status.decode(Buffer.from(String(headers["grpc-status-details-bin"]), "base64"));
    expect(readStatus(details)).toMatchObject({ ...retry, reason: "MESSAGE_LIMIT" });
  });
});

describe("a newer session of the same id replaces the older one, which ends ABORTED:", () => {
  const replaced = { code: "ABORTED", reason: "SESSION_REPLACED", domain: DOMAIN };

  it("Produce by Produce", async () => {
    const client = connect(server.address);
    const older = await client.producer("p-twin");
    await client.producer("p-twin");
    expect(await older.ended).toMatchObject({ ...replaced, metadata: { producer_id: "p-twin" } });
  });

  it("Listen by Subscribe, and Subscribe by Listen", async () => {
    const client = connect(server.address);
    const older = await client.listener({ listenerId: "l-twin" });
    const newer = client.subscribe();
    newer.send({ $case: "listen", value: { listenerId: "l-twin" } });
    expect(await older.ended).toMatchObject({ ...replaced, metadata: { listener_id: "l-twin" } });
    await newer.next("ready");
    await client.listener({ listenerId: "l-twin" });
    expect(await newer.ended).toMatchObject(replaced);
  });
});

describe("a connection at its maximum age", () => {
  it("ends its streams UNAVAILABLE", async () => {
    const { address } = await startServer({
      maxConnectionAgeMs: 2_000,
      keepaliveTimeMs: 10,
      keepaliveTimeoutMs: 1_900,
    });
    const listener = await connect(address).listener({ topics: ["t"] });
    expect(await listener.ended).toMatchObject({
      code: "UNAVAILABLE",
      reason: "CONNECTION_AGE",
      domain: DOMAIN,
      retryDelayMs: undefined,
    });
  });
});

describe("a server that shuts down", () => {
  it("ends streams and rejects requests UNAVAILABLE", async () => {
    const { address, dispatcher } = await startServer({ drainGraceMs: 60_000 });
    const client = connect(address);
    const listener = await client.listener({ topics: ["t"] });
    const { requestId } = await client.dispatch({ topic: "t", noProducersAction: NoProducersAction.WAIT });
    const drained = dispatcher.drain();
    await listener.next("goAway");
    const shuttingDown = { code: "UNAVAILABLE", reason: "SHUTTING_DOWN", domain: DOMAIN };
    expect(await refusalOf(client.dispatch({ topic: "t" }))).toMatchObject(shuttingDown);
    await client.cancelRequest(requestId);
    expect(await listener.ended).toMatchObject(shuttingDown);
    await drained;
  });
});

describe("a call's deadline", () => {
  const timeout = (value: string) => ({ metadata: { "grpc-timeout": value } });

  it.each(["20m", "1m", "0S", "24999u"])(
    "of %s is too short for a gather, and nothing is scattered",
    async (value) => {
      const client = connect(server.address);
      const producer = await client.producer(`too-short-${value}`, [`too.short.${value}`]);
      const gather = client.gather({ topic: `too.short.${value}` }, timeout(value));
      const { code, reason } = await gather.ended;
      expect(code).toBe("DEADLINE_EXCEEDED");
      expect(["DEADLINE_TOO_SHORT", ""]).toContain(reason);
      await client.dispatch({ topic: `too.short.${value}`, requestId: `after-${value}` });
      expect((await producer.next("assignment")).requestId).toBe(`after-${value}`);
    },
  );

  it.each(["5x", "", "S"])("of '%s' is malformed and ends only its call", async (value) => {
    const client = connect(server.address);
    const refused = await client.gather({ topic: "t" }, timeout(value)).ended;
    expect(refused).toMatchObject(invalid("grpc-timeout"));
    await client.dispatch({ topic: "t" });
  });
});

describe("a message that is not complete", () => {
  it("ends its stream RESOURCE_EXHAUSTED after the time for a message", async () => {
    const { address } = await startServer({ firstMessageTimeoutMs: 20, closeTimeoutMs: 20 });
    const { code, refused } = await callWithoutEnd(connectRaw(address), "Submit", Buffer.alloc(3));
    expect(code).toBe(Code.RESOURCE_EXHAUSTED);
    expect(refused).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      reason: "PARTIAL_MESSAGE_LIMIT",
      domain: DOMAIN,
      metadata: { limit_ms: "20" },
    });
  });
});

describe("a call without its first message", () => {
  it.each(["produce", "subscribe"] as const)("is ended on %s", async (kind) => {
    const client = connect((await startServer({ firstMessageTimeoutMs: 20 })).address);
    expect(await client[kind]().ended).toMatchObject({
      code: "DEADLINE_EXCEEDED",
      reason: "FIRST_MESSAGE_TIMEOUT",
      domain: DOMAIN,
      metadata: { limit_ms: "20" },
    });
  });

  it("is ended on Subscribe if the last part does not arrive, also after further parts", async () => {
    const { address } = await startServer({ firstMessageTimeoutMs: 50 });
    const client = connect(address);
    const timeout = {
      code: "DEADLINE_EXCEEDED",
      reason: "FIRST_MESSAGE_TIMEOUT",
      metadata: { limit_ms: "50" },
    };
    const silent = client.subscribe();
    silent.send({ $case: "listen", value: { cursorsFollow: true } });
    expect(await silent.ended).toMatchObject(timeout);
    const slow = client.subscribe();
    slow.send({ $case: "listen", value: { cursorsFollow: true } });
    slow.send({ $case: "update", value: { addTopics: ["a"], cursorsFollow: true } });
    expect(await slow.ended).toMatchObject(timeout);
    expect((await client.serverInfo()).counts.listeners).toBe(0);
    const live = client.subscribe();
    live.send({ $case: "listen", value: { cursorsFollow: true } });
    live.send({ $case: "update", value: { addTopics: ["a"] } });
    await live.next("ready");
    await client.produce().ended;
    await client.dispatch({ topic: "a" });
    live.cancel();
    expect((await live.ended).code).toBe("CANCELLED");
  });

  it("is ended on Dispatch after half a message", async () => {
    const { address } = await startServer({ firstMessageTimeoutMs: 20 });
    const session = connectHttp2(`http://${address}`);
    onTestFinished(() => session.destroy());
    const half = session.request({
      ":method": "POST",
      ":path": "/ate.dispatcher.v1.DispatcherService/Dispatch",
      "content-type": "application/grpc",
      te: "trailers",
    });
    half.write(Buffer.from([0, 0, 0]));
    const headers = await new Promise<Record<string, unknown>>((resolve) => half.on("response", resolve));
    expect(headers["grpc-status"]).toBe("4");
  });

  it("stays open on Submit, which is a session from its beginning", async () => {
    const client = connect((await startServer({ firstMessageTimeoutMs: 1 })).address);
    const silent = client.submit();
    await client.produce().ended;
    silent.submit({ correlationId: "c", request: { topic: "t" } });
    await silent.next("acceptance");
  });
});

describe("a call without valid credentials", () => {
  it("is UNAUTHENTICATED", async () => {
    const { path, remove } = writeTokenFile([{ token: "secret", id: "orders" }]);
    onTestFinished(remove);
    const client = connect((await startServer({ authTokensFile: path })).address);
    const refused = {
      code: "UNAUTHENTICATED",
      reason: "UNAUTHENTICATED",
      domain: DOMAIN,
      fields: [],
      metadata: {},
      retryDelayMs: undefined,
    };

    expect(await refusalOf(client.dispatch({ topic: "t" }))).toMatchObject(refused);
    expect(await client.submit(bearer("wrong")).ended).toMatchObject(refused);
    expect((await client.dispatch({ topic: "t" }, bearer("secret"))).requestId).not.toBe("");
  });
});

describe("a call that the policy does not allow", () => {
  it("is PERMISSION_DENIED", async () => {
    const { path, remove } = writePolicy([{ principals: ["anonymous"], allow: { request: ["public"] } }]);
    onTestFinished(remove);
    const client = connect((await startServer({ policyFile: path })).address);

    expect(await refusalOf(client.dispatch({ topic: "t" }))).toMatchObject({
      code: "PERMISSION_DENIED",
      reason: "NOT_ALLOWED",
      domain: DOMAIN,
      fields: [],
      metadata: { action: "request", topic: "t" },
      retryDelayMs: undefined,
    });
    expect((await client.dispatch({ topic: "public" })).requestId).not.toBe("");
  });
});

describe("every reason", () => {
  /** They need a flood: overload.test.ts and slow-listener.test.ts. */
  const elsewhere = ["overload.test.ts", "slow-listener.test.ts"];

  it("is provoked on a real server", () => {
    const texts = ["status-table.test.ts", ...elsewhere].map((name) =>
      readFileSync(new URL(name, import.meta.url), "utf8"),
    );
    const missing = Object.keys(REASONS).filter(
      (reason) => !texts.some((text) => text.includes(`"${reason}"`)),
    );
    expect(missing).toEqual([]);
  });
});
