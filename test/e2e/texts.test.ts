/** A text is UTF-8 everywhere: what one peer sends is what another peer, or the sender in an error, reads. */
import { GetRequestRequest } from "ate-dispatcher-client/internal";
import { describe, expect, it } from "vitest";
import { useServer } from "../support/in-process.js";
import { callRaw, connectRaw, framed } from "../support/raw-call.js";
import { bytesField, concat } from "../support/wire-bytes.js";
import { connect } from "../support/wire-client.js";
import { readStatus, refusalOf } from "../support/wire-status.js";

const server = useServer();
/** Two, three and four bytes a character, composed and decomposed, left to right and right to left. */
const TEXTS = [
  "\u00e4",
  "Gr\u00f6\u00dfe",
  "cafe\u0301",
  "\u20ac",
  "\u5bff\u53f8",
  "\u05e9\u05dc",
  "\u{1f600}",
  "100 %",
  "a%20b",
];

describe.each(TEXTS)("the text %s", (text) => {
  it("as a topic is in the error as it was sent, on every call", async () => {
    const client = connect(server.address);
    const submit = client.submit();
    submit.submit({ correlationId: "c", request: { topic: text } });
    const { status } = await submit.next("rejection");
    const refused = [
      await refusalOf(client.dispatch({ topic: text })),
      await client.gather({ topic: text }).ended,
      await client.listen({ topics: [text] }).ended,
      status && readStatus(status),
    ];
    for (const refusal of refused) expect(refusal?.message).toContain(`is "${text}"`);
  });

  it("as an id is in the error as it was sent", async () => {
    const client = connect(server.address);
    const id = `${text} ${text}`;
    expect((await refusalOf(client.dispatch({ topic: "t", requestId: id }))).message).toContain(`is "${id}"`);
    const submit = client.submit();
    submit.submit({ correlationId: id, request: { topic: "t" } });
    const { correlationId, status } = await submit.next("rejection");
    expect(correlationId).toBe(id);
    expect(status?.message).toContain(`is "${id}"`);
    expect((await client.listen({ listenerId: id }).ended).message).toContain(`is "${id}"`);
  });

  it("as an unknown assignment_id comes back as it was sent", async () => {
    const producer = await connect(server.address).producer(`p-${Buffer.from(text).toString("hex")}`, [], {
      reportDispositions: true,
    });
    producer.answer({ assignmentId: text }, 1);
    expect((await producer.next("disposition")).assignmentId).toBe(text);
  });

  it("as a producer's error, an attribute and a label arrives as it was sent", async () => {
    const topic = `texts.${Buffer.from(text).toString("hex")}`;
    const client = connect(server.address);
    const producer = await client.producer(topic, [topic], { labels: { [text]: text }, displayName: text });
    const listener = await client.listener({ topics: [topic] });
    const gather = client.gather({ topic, selector: { matchLabels: { [text]: text } } });
    const { assignmentId } = await producer.next("assignment");
    const result = {
      outcome: { $case: "error" as const, value: { code: 9, message: text } },
      attributes: { [text]: text },
    };
    producer.send({ $case: "reply", value: { assignmentId, result } });
    for (const stream of [gather, listener] as const) {
      const delivery = await (stream as typeof listener).next("delivery");
      expect(delivery.result?.outcome).toMatchObject({ value: { message: text } });
      expect(delivery.result?.attributes).toEqual({ [text]: text });
    }
    expect((await gather.next("summary")).outcomes[0]?.error?.message).toBe(text);
    const [shown] = (await client.producers()).filter(({ producerId }) => producerId === topic);
    expect(shown).toMatchObject({ displayName: text, labels: { [text]: text } });
  });

  it("is percent-encoded UTF-8 in the status of a call, as every library of gRPC reads it", async () => {
    const body = framed(bytesField(1, bytesField(1, text)));
    const { message, refused } = await callRaw(connectRaw(server.address), "Dispatch", body);
    expect(message).toMatch(/^[\x20-\x7e]*$/);
    expect(decodeURIComponent(message)).toBe(refused?.message);
  });
});

describe("a text that could break a terminal, a log or a library", () => {
  it.each([
    ["a control character", "\u001b[2J", "\\u001b[2J"],
    ["a control character of Latin-1", "\u009b2J", "\\u009b2J"],
    ["a line separator", "a\u2028b", "a\\u2028b"],
    ["a change of direction", "a\u202eb", "a\\u202eb"],
    ["a private character of a high plane", "\u{10fffd}", "\\u{10fffd}"],
  ])("with %s is escaped in an error", async (_, topic, shown) => {
    const { message } = await refusalOf(connect(server.address).dispatch({ topic }));
    expect(message).toContain(`is "${shown}"`);
  });

  it("that is not UTF-8 is shown as replacement characters", async () => {
    const bytes = bytesField(1, bytesField(1, Buffer.from([0xff, 0xfe])));
    const { message } = await refusalOf(connect(server.address).dispatchBytes(bytes));
    expect(message).toContain('is "\ufffd\ufffd"');
  });

  it("and names an unknown request is cut in the text and in the metadata of the error", async () => {
    const requestId = "\u20ac".repeat(100_000);
    const message = GetRequestRequest.encode(GetRequestRequest.create({ requestId })).finish();
    const path = "/ate.dispatcher.v1.IntrospectionService/GetRequest";
    const { code, reason, metadata } = await refusalOf(connect(server.address).unary(path, message));
    expect({ code, reason }).toEqual({ code: "NOT_FOUND", reason: "REQUEST_NOT_FOUND" });
    expect(metadata).toEqual({ request_id: "\u20ac".repeat(85) });
  });

  it("is cut within a bound that every library reads", async () => {
    const topics = Array.from({ length: 200 }, () => bytesField(2, "\u{1f600}".repeat(64)));
    const end = await callRaw(connectRaw(server.address), "Listen", framed(concat(...topics)));
    expect(end.message.length).toBeLessThan(6_500);
    expect(end.refused?.message).toBe(decodeURIComponent(end.message));
  });
});
