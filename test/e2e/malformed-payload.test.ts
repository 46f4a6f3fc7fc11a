/**
 * A payload that stock parsers cannot read never reaches a receiver: a request is rejected, and a result becomes the
 * failure of its producer. No other request, result or stream is affected.
 */
import { OutcomeState } from "ate-dispatcher-client/internal";
import { describe, expect, it } from "vitest";
import { startServer, useServer } from "../support/in-process.js";
import { bytesField, concat, numberField } from "../support/wire-bytes.js";
import { connect } from "../support/wire-client.js";
import { readStatus, refusalOf } from "../support/wire-status.js";

const server = useServer();

const BAD_TEXT = bytesField(3, Buffer.from([0xff]));
/** A Value of nested lists. */
const nested = (levels: number): Buffer =>
  levels === 0 ? numberField(1, 0) : bytesField(6, bytesField(1, nested(levels - 1)));

const MALFORMED: readonly (readonly [string, Uint8Array])[] = [
  ["text that is not UTF-8", BAD_TEXT],
  ["a truncated value", Buffer.from([0x11, 1])],
  ["45 nested lists", nested(45)],
  ["1,000 nested lists", nested(1_000)],
];

describe.each(MALFORMED)("with %s", (_, value) => {
  const request = concat(bytesField(1, "malformed"), bytesField(2, bytesField(1, value)));
  const path = { fields: ["request.args"] };

  it("Dispatch and Gather are INVALID_ARGUMENT and name the path, and no producer is asked", async () => {
    const client = connect(server.address);
    const producer = await client.producer("never-asked", ["malformed"]);
    const refused = { code: "INVALID_ARGUMENT", ...path };
    expect(await refusalOf(client.dispatchBytes(bytesField(1, request)))).toMatchObject(refused);
    expect(await client.gatherBytes(bytesField(1, request)).ended).toMatchObject(refused);
    expect(producer.all("assignment")).toEqual([]);
  });

  it("a submission is rejected, and the stream lives", async () => {
    const client = connect(server.address);
    const producer = await client.producer("asked-once", ["malformed"]);
    const submit = client.submit();
    submit.sendBytes(bytesField(1, concat(bytesField(1, "bad"), bytesField(2, request), numberField(3, 1))));
    const { correlationId, status } = await submit.next("rejection");
    expect(correlationId).toBe("bad");
    expect(status && readStatus(status)).toMatchObject({ code: "INVALID_ARGUMENT", ...path });
    submit.submit({ correlationId: "good", request: { topic: "malformed" }, gather: true });
    producer.answer(await producer.next("assignment"), "fine");
    expect((await submit.next("summary")).answeredCount).toBe(1);
  });

  it.each([false, true])("a result fails its producer, also if it is partial: %s", async (more) => {
    const client = connect(server.address);
    const producer = await client.producer("poison", ["malformed"]);
    const listener = await client.listener({ topics: ["malformed"] });
    const gather = client.gather({ topic: "malformed" });
    const { assignmentId } = await producer.next("assignment");
    const result = bytesField(3, bytesField(1, value));
    const reply = concat(bytesField(1, assignmentId), numberField(2, more ? 1 : 0), result);
    producer.sendBytes(bytesField(1, bytesField(1, reply)));
    const { status } = await producer.next("fault");
    expect(status && readStatus(status)).toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: "MALFORMED_RESULT",
      metadata: { assignment_id: assignmentId },
    });
    for (const delivery of [listener.next("delivery"), gather.next("delivery")]) {
      const { result: heard, more: isPartial } = await delivery;
      expect(isPartial).toBe(false);
      const error = heard?.outcome?.$case === "error" ? heard.outcome.value : undefined;
      expect(error && readStatus(error)).toMatchObject({ reason: "MALFORMED_RESULT" });
    }
    const { outcomes, failedCount } = await gather.next("summary");
    expect(failedCount).toBe(1);
    expect(outcomes).toMatchObject([{ producerId: "poison", state: OutcomeState.FAILED }]);

    const next = client.gather({ topic: "malformed" });
    producer.answer(await producer.next("assignment"), "still here");
    expect((await next.next("summary")).answeredCount).toBe(1);
    expect((await listener.next("delivery")).result?.outcome).toMatchObject({ value: "still here" });
  });
});

describe("a request at the message limit", () => {
  const LIMIT = 65_536;

  it("is rejected if its assignment exceeds the limit, and no group member departs", async () => {
    const client = connect((await startServer({ maxMessageBytes: LIMIT })).address);
    const members = [];
    for (const id of ["m1", "m2"]) {
      members.push(await client.producer(id, [], { registrations: [{ topic: "large", group: "g" }] }));
    }
    const refused = {
      code: "RESOURCE_EXHAUSTED",
      reason: "MESSAGE_LIMIT",
      metadata: { limit: String(LIMIT) },
    };
    const fixed = 4 + 3 + 4;
    for (const room of [0, 100, 190]) {
      const data = Buffer.alloc(LIMIT - fixed - room);
      expect(await refusalOf(client.dispatch({ topic: "large", data }))).toMatchObject(refused);
    }
    const context = { metadata: { baggage: `key=${"v".repeat(1_000)}` } };
    const data = Buffer.alloc(LIMIT - 1_000);
    expect(await refusalOf(client.dispatch({ topic: "large", data }, context))).toMatchObject(refused);
    for (const member of members) expect(member.all("assignment")).toEqual([]);
  });

  it("reaches its producer in a message within the limit if it is accepted", async () => {
    const client = connect((await startServer({ maxMessageBytes: LIMIT })).address);
    const producer = await client.producer("p", ["large"]);
    let room = 0;
    for (let isAccepted = false; !isAccepted; room += 20) {
      const sent = client.dispatch({
        topic: "large",
        data: Buffer.alloc(LIMIT - room),
        requestId: `r-${room}`,
      });
      isAccepted = await sent.then(
        () => true,
        () => false,
      );
    }
    await producer.next("assignment");
    expect(producer.lastMessage.length).toBeLessThanOrEqual(LIMIT);
    expect(producer.lastMessage.length).toBeGreaterThan(LIMIT - 300);
  });
});
