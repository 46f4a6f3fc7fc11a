/**
 * The semantics that are kept from the original system, and its defects, over real sockets. test/transcript covers the
 * rules in detail.
 */
import { fileURLToPath } from "node:url";
import {
  DispositionState,
  NoProducersAction,
  OutcomeState,
  ProduceRequest,
  ProduceResponse,
  RevocationReason,
  SummaryReason,
} from "ate-dispatcher-client/internal";
import { afterEach, describe, expect, it } from "vitest";
import { startServer, useServer } from "../support/in-process.js";
import { createProcesses } from "../support/processes.js";
import { bytesField, concat, embedded, numberField, UNKNOWN_FIELDS } from "../support/wire-bytes.js";
import { connect, duration, millis } from "../support/wire-client.js";
import { refusalOf } from "../support/wire-status.js";

const server = useServer();
const processes = createProcesses();
afterEach(() => processes.stopAll());

const RAW_STREAM = fileURLToPath(new URL("../support/raw-stream.mjs", import.meta.url));
/** Paths of field numbers to the Request in a ProduceResponse and to the Result in a ListenResponse. */
const REQUEST_IN_ASSIGNMENT = [1, 1, 7];
const RESULT_IN_DELIVERY = [1, 1, 12];

describe("semantics kept from the original:", () => {
  it("a result after the TTL is late: its disposition is LATE, and only listeners that include late results get it", async () => {
    const client = connect(server.address);
    const producer = await client.producer("late", ["late"], { reportDispositions: true });
    const inTime = await client.listener({ topics: ["late"] });
    const withLate = await client.listener({ topics: ["late"], includeLate: true });
    await client.dispatch({ topic: "late", ttl: duration(20) });
    const assignment = await producer.next("assignment");
    await producer.next("revocation");
    producer.answer(assignment, "late");
    expect((await producer.next("disposition")).state).toBe(DispositionState.LATE);
    expect(await withLate.next("delivery")).toMatchObject({ late: true, ordinal: 0, sequence: 0n });
    // The late result would have arrived before this one.
    await client.dispatch({ topic: "late" });
    producer.answer(await producer.next("assignment"), "in time");
    await inTime.next("delivery");
    expect(inTime.all("delivery").map(({ late }) => late)).toEqual([false]);
  });

  it("producers that join after the acceptance are not asked", async () => {
    const client = connect(server.address);
    const early = await client.producer("early", ["snapshot"]);
    const gather = client.gather({ topic: "snapshot" });
    const { targets } = await gather.next("acceptance");
    const joiner = await client.producer("joiner", ["snapshot"]);
    early.answer(await early.next("assignment"), 1);
    const { outcomes } = await gather.next("summary");
    expect(targets.map(({ producerId }) => producerId)).toEqual(["early"]);
    expect(outcomes.map(({ producerId }) => producerId)).toEqual(["early"]);
    await client.dispatch({ topic: "snapshot", requestId: "asked-both" });
    expect((await joiner.next("assignment")).requestId).toBe("asked-both");
    expect(joiner.all("assignment")).toHaveLength(1);
  });

  it("a producer that leaves the topic afterwards may still reply, and its result is delivered", async () => {
    const client = connect(server.address);
    const leaver = await client.producer("leaver", ["leaving"]);
    const listener = await client.listener({ topics: ["leaving"] });
    const gather = client.gather({ topic: "leaving" });
    const assignment = await leaver.next("assignment");
    leaver.send({ $case: "deregister", value: { topics: ["leaving"], correlationId: "bye" } });
    expect(await leaver.next("deregistered")).toEqual({ topics: ["leaving"], correlationId: "bye" });
    expect((await client.dispatch({ topic: "leaving" })).targets).toEqual([]);
    leaver.answer(assignment, "still here");
    expect((await listener.next("delivery")).producerId).toBe("leaver");
    expect((await gather.next("summary")).answeredCount).toBe(1);
  });

  it("the listeners are chosen when a result arrives: one that has joined gets it, one that has left does not", async () => {
    const client = connect(server.address);
    const producer = await client.producer("reads", ["live.listeners"]);
    const leaver = await client.listener({ listenerId: "leaves", topics: ["live.listeners"] });
    await client.dispatch({ topic: "live.listeners" });
    const assignment = await producer.next("assignment");
    producer.answer(assignment, "first", true);
    await leaver.next("delivery");
    await client.updateListener({ listenerId: "leaves", removeTopics: ["live.listeners"] });
    const joiner = await client.listener({ topics: ["live.listeners"] });
    producer.answer(assignment, "second");
    expect((await joiner.next("delivery")).ordinal).toBe(2);
    await client.updateListener({ listenerId: "leaves", addTopics: ["fence"] });
    await leaver.take("topicsChanged", 2);
    expect(leaver.all("delivery").map(({ ordinal }) => ordinal)).toEqual([1]);
  });

  it("every listener of a topic receives the results in the same order", async () => {
    const clients = [1, 2, 3].map(() => connect(server.address));
    const [a, b, c] = clients as [(typeof clients)[0], (typeof clients)[0], (typeof clients)[0]];
    const listeners = [await a.listener({ topics: ["order.x"] }), await b.listener({ topics: ["order.>"] })];
    const producers = await Promise.all(
      [0, 1, 2, 3].map((i) => clients[i % 3]?.producer(`order-${i}`, ["order.x"])),
    );
    const requests = 100;
    for (const producer of producers) {
      if (!producer) continue;
      void producer.take("assignment", requests).then((assignments) => {
        for (const assignment of assignments) producer.answer(assignment, assignment.requestId);
      });
    }
    for (let i = 0; i < requests; i++) void c.dispatch({ topic: "order.x" });
    const received = await Promise.all(listeners.map((listener) => listener.take("delivery", 4 * requests)));
    const orders = received.map((deliveries) => deliveries.map((d) => `${d.requestId} ${d.producerId}`));
    expect(orders[0]).toEqual(orders[1]);
    expect(received[0]?.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 4 * requests }, (_, i) => BigInt(i + 1)),
    );
  });

  it("registration is idempotent, independent per topic, and can change at any time", async () => {
    const client = connect(server.address);
    const producer = await client.producer("changes", ["change.a"]);
    const register = (...topics: readonly string[]) => {
      producer.send({ $case: "register", value: { registrations: topics.map((topic) => ({ topic })) } });
      return producer.next("registered");
    };
    await register("change.a");
    await register("change.b", "change.a");
    const targets = async (topic: string) =>
      (await client.dispatch({ topic }, { validateOnly: true })).targets.length;
    expect([await targets("change.a"), await targets("change.b")]).toEqual([1, 1]);
    producer.send({ $case: "deregister", value: { topics: ["change.a"] } });
    await producer.next("deregistered");
    expect([await targets("change.a"), await targets("change.b")]).toEqual([0, 1]);
    producer.send({ $case: "deregister", value: { topics: ["change.a", "never.joined"] } });
    await producer.next("deregistered");
    await register("change.a");
    expect([await targets("change.a"), await targets("change.b")]).toEqual([1, 1]);
  });

  it("an assignment that waits until the TTL is SATURATED", async () => {
    const client = connect(server.address);
    const producer = await client.producer("busy", ["busy"], { maxOutstanding: 1 });
    await client.dispatch({ topic: "busy", requestId: "outstanding" });
    const gather = client.gather({ topic: "busy", ttl: duration(20) });
    const { reason, outcomes } = await gather.next("summary");
    expect(reason).toBe(SummaryReason.EXPIRED);
    expect(outcomes.map(({ state }) => state)).toEqual([OutcomeState.SATURATED]);
    expect(producer.all("assignment").map(({ requestId }) => requestId)).toEqual(["outstanding"]);
  });

  it("args and kwargs pass through unchanged, whatever their keywords are called", async () => {
    const client = connect(server.address);
    const producer = await client.producer("keywords", ["keywords"]);
    const args = [3, "four", null, true, [], {}, 1e300, -0.5, "\u{1f600}", ""];
    const kwargs = { ttl: null, topic: "other", uuid: "u", reply_to: "r", "": 0, request_id: [1] };
    const { ttl } = await client.dispatch({ topic: "keywords", args, kwargs });
    expect(millis(ttl)).toBe(60_000);
    expect((await producer.next("assignment")).request).toMatchObject({ topic: "keywords", args, kwargs });
  });
});

it("a selector matches labels whatever their keys are called", async () => {
  const client = connect(server.address);
  const labels = (value: string): Record<string, string> =>
    JSON.parse(`{"__proto__":"${value}","constructor":"${value}","toString":"${value}"}`);
  await client.producer("of-a", ["labelled"], { labels: labels("a") });
  const other = await client.producer("of-b", ["labelled"], { labels: labels("b") });

  const gather = client.gather({ topic: "labelled", selector: { matchLabels: labels("b") } });
  other.answer(await other.next("assignment"), "chosen");

  const { outcomes } = await gather.next("summary");
  expect(outcomes.map(({ producerId }) => producerId)).toEqual(["of-b"]);
});

describe("payloads are delivered byte for byte:", () => {
  /** A Value of nested lists. */
  const deep = (levels: number): Buffer =>
    levels === 0 ? numberField(1, 0) : bytesField(6, bytesField(1, deep(levels - 1)));
  const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  /** The number 5 in two bytes, which no encoder would write, in an unknown field. */
  const paddedFive = Buffer.from([0xf8, 0x7c, 0x85, 0x00]);

  it.each<readonly [string, Uint8Array, Uint8Array]>([
    ["unknown fields", UNKNOWN_FIELDS, UNKNOWN_FIELDS],
    ["numbers with a non-minimal encoding", paddedFive, Buffer.from([0xf8, 0x7c, 0x85, 0x80, 0x80, 0x00])],
    ["repeated fields", concat(bytesField(4, "a"), bytesField(4, "b")), bytesField(2, "again")],
    ["64-bit numbers", numberField(999, 2n ** 63n - 1n), numberField(999, -(2n ** 63n))],
    ["null", bytesField(2, bytesField(1, numberField(1, 0))), bytesField(1, numberField(1, 0))],
    ["every byte", bytesField(4, EVERY_BYTE), bytesField(2, EVERY_BYTE)],
    ["an empty payload", concat(), concat()],
  ])("%s", async (_, inRequest, inResult) => {
    const client = connect(server.address);
    const producer = await client.producer("verbatim", ["verbatim"]);
    const listener = await client.listener({ topics: ["verbatim"] });
    const request = concat(inRequest, bytesField(1, "verbatim"), inRequest);
    const gather = client.gatherBytes(bytesField(1, request));
    const { assignmentId } = await producer.next("assignment");
    expect(embedded(producer.lastMessage, ...REQUEST_IN_ASSIGNMENT)).toEqual(request);
    producer.sendBytes(
      bytesField(1, bytesField(1, concat(bytesField(3, inResult), bytesField(1, assignmentId)))),
    );
    await Promise.all([listener.next("delivery"), gather.next("delivery")]);
    for (const stream of [listener, gather]) {
      expect(embedded(stream.lastMessage, ...RESULT_IN_DELIVERY)).toEqual(inResult);
    }
  });

  it.each([1, 40, 44])("lists nested %i levels deep", async (levels) => {
    const client = connect(server.address);
    const producer = await client.producer("deep", ["deep"]);
    const listener = await client.listener({ topics: ["deep"] });
    const request = concat(bytesField(1, "deep"), bytesField(2, bytesField(1, deep(levels))));
    const assigned = producer.nextMessage();
    await client.dispatchBytes(bytesField(1, request));
    const assignment = await assigned;
    expect(embedded(assignment, ...REQUEST_IN_ASSIGNMENT)).toEqual(request);
    const assignmentId = embedded(assignment, 1, 1, 1);
    const result = bytesField(1, deep(levels));
    const delivered = listener.nextMessage();
    producer.sendBytes(
      bytesField(1, bytesField(1, concat(bytesField(1, assignmentId), bytesField(3, result)))),
    );
    expect(embedded(await delivered, ...RESULT_IN_DELIVERY)).toEqual(result);
    const gather = client.gather({ topic: "deep", selector: { producerIds: ["deep"] } });
    const { requestId } = await gather.next("acceptance");
    let again = await producer.next("assignment");
    while (again.requestId !== requestId) again = await producer.next("assignment");
    producer.answer(again, "the streams are open");
    expect((await gather.next("summary")).answeredCount).toBe(1);
  });

  it("a payload of nearly 1 MiB", async () => {
    const client = connect(server.address);
    const producer = await client.producer("large", ["large"]);
    const listener = await client.listener({ topics: ["large"] });
    const data = Buffer.alloc(1024 * 1024 - 1_100, "large ");
    await client.dispatch({ topic: "large", data });
    const assignment = await producer.next("assignment");
    expect(Buffer.compare(assignment.request?.data ?? Buffer.alloc(0), data)).toBe(0);
    producer.reply(assignment, { $case: "data", value: data });
    const { result } = await listener.next("delivery");
    expect(Buffer.compare(result?.outcome?.value as Uint8Array, data)).toBe(0);
  });
});

describe("defects of the original that must be impossible here:", () => {
  it("a topic without producers ends the request with NO_PRODUCERS at once and leaves no state", async () => {
    const { address } = await startServer();
    const client = connect(address);
    const listener = await client.listener({ topics: ["empty"], includeSummaries: true });
    const gather = client.gather({ topic: "empty" });
    const { targets } = await gather.next("acceptance");
    expect(targets).toEqual([]);
    expect(await gather.next("summary")).toMatchObject({
      reason: SummaryReason.NO_PRODUCERS,
      satisfied: false,
      targetedCount: 0,
    });
    expect((await gather.ended).code).toBe("OK");
    await client.dispatch({ topic: "empty" });
    await listener.take("summary", 2);
    const { counts } = await client.serverInfo();
    expect(counts).toMatchObject({ pendingRequests: 0, outstandingAssignments: 0, waitingAssignments: 0 });
  });

  it("a topic without producers rejects the request with FAIL", async () => {
    const client = connect(server.address);
    const fail = { topic: "empty", noProducersAction: NoProducersAction.FAIL };
    expect(await refusalOf(client.dispatch(fail))).toMatchObject({ reason: "NO_PRODUCERS" });
  });

  it("a topic without producers holds the request with WAIT for the first producer within the TTL", async () => {
    const client = connect(server.address);
    const wait = { topic: "held", noProducersAction: NoProducersAction.WAIT };
    const gather = client.gather(wait);
    expect((await gather.next("acceptance")).targets).toEqual([]);
    const first = await client.producer("first", ["held"]);
    const second = await client.producer("second", ["held"]);
    first.answer(await first.next("assignment"), "joined later, replied");
    const { outcomes } = await gather.next("summary");
    expect(outcomes.map(({ producerId }) => producerId)).toEqual(["first"]);
    expect(second.all("assignment")).toEqual([]);
  });

  it("a topic without producers ends the request with WAIT with NO_PRODUCERS at the TTL", async () => {
    const client = connect(server.address);
    const noProducersAction = NoProducersAction.WAIT;
    const gather = client.gather({ topic: "held.in.vain", noProducersAction, ttl: duration(20) });
    const { reason, elapsed } = await gather.next("summary");
    expect(reason).toBe(SummaryReason.NO_PRODUCERS);
    expect(millis(elapsed)).toBeGreaterThanOrEqual(20);
  });

  it("a producer that never replies is released at the TTL of the request", async () => {
    const client = connect(server.address);
    const silent = await client.producer("silent", ["silent"]);
    const gather = client.gather({ topic: "silent", ttl: duration(30) });
    const { reason, outcomes, elapsed, missingCount } = await gather.next("summary");
    expect(reason).toBe(SummaryReason.EXPIRED);
    expect(outcomes).toMatchObject([{ producerId: "silent", state: OutcomeState.MISSED }]);
    expect(missingCount).toBe(1);
    expect(millis(elapsed)).toBeGreaterThanOrEqual(30);
    expect((await silent.next("revocation")).reason).toBe(RevocationReason.EXPIRED);
    expect((await gather.ended).code).toBe("OK");
  });

  it("a producer that raises sends an error as its result and stays registered", async () => {
    const client = connect(server.address);
    const producer = await client.producer("raises", ["raises"]);
    const listener = await client.listener({ topics: ["raises"] });
    const gather = client.gather({ topic: "raises" });
    const error = { code: 13, message: "ValueError: \u00fcber", details: [] };
    producer.reply(await producer.next("assignment"), { $case: "error", value: error });
    expect((await listener.next("delivery")).result?.outcome).toEqual({ $case: "error", value: error });
    const { failedCount, outcomes } = await gather.next("summary");
    expect(failedCount).toBe(1);
    expect(outcomes).toMatchObject([{ state: OutcomeState.FAILED, error }]);
    await client.dispatch({ topic: "raises", requestId: "asked-again" });
    expect((await producer.next("assignment")).requestId).toBe("asked-again");
  });

  it("kwargs called uuid, reply_to or ttl do not conflict with fields, and a rejection names the bad field", async () => {
    const client = connect(server.address);
    const kwargs = { uuid: null, reply_to: null, ttl: null };
    await client.dispatch({ topic: "odd", kwargs });
    const refused = await refusalOf(client.dispatch({ topic: "odd", kwargs, ttl: duration(0) }));
    expect(refused).toMatchObject({ code: "INVALID_ARGUMENT", fields: ["request.ttl"] });
    await client.dispatch({ topic: "odd", kwargs });
  });

  it("registering during a fan-out does not change the targets", async () => {
    const { address } = await startServer();
    const client = connect(address);
    const steady = await client.producer("steady", ["churn"]);
    const joiningProducers = await Promise.all(
      [0, 1, 2].map((i) => client.producer(`joiningProducer-${i}`, ["churn"])),
    );
    const rounds = 100;
    for (const joiningProducer of joiningProducers) {
      for (let i = 0; i < rounds; i++) {
        joiningProducer.send({ $case: "deregister", value: { topics: ["churn"] } });
        joiningProducer.send({ $case: "register", value: { registrations: [{ topic: "churn" }] } });
      }
    }
    const gathers = Array.from({ length: rounds }, () =>
      client.gather({ topic: "churn", ttl: duration(20_000) }),
    );
    for (const assignment of await steady.take("assignment", rounds)) steady.answer(assignment, 1);
    for (const joiningProducer of joiningProducers) {
      await joiningProducer.take("registered", rounds);
      joiningProducer.cancel();
    }
    for (const gather of gathers) {
      const { targets } = await gather.next("acceptance");
      const { outcomes } = await gather.next("summary");
      expect(outcomes.map(({ producerId }) => producerId)).toEqual(targets.map((t) => t.producerId));
      expect(outcomes.find(({ producerId }) => producerId === "steady")?.state).toBe(OutcomeState.ANSWERED);
    }
  });

  it("the wall clock does not decide lateness", async () => {
    const client = connect(server.address);
    const producer = await client.producer("clock", ["clock"]);
    const gather = client.gather({ topic: "clock" });
    const { expireTime, ttl } = await gather.next("acceptance");
    const assignment = await producer.next("assignment");
    expect(assignment.expireTime).toEqual(expireTime);
    expect(millis(assignment.ttl)).toBeLessThanOrEqual(millis(ttl));
    producer.answer(assignment, 1);
    const { latency } = await gather.next("delivery");
    const { elapsed, outcomes } = await gather.next("summary");
    expect(millis(latency)).toBeLessThanOrEqual(millis(elapsed));
    expect(outcomes[0]?.latency).toEqual(latency);
  });

  it("expired and cancelled assignments are revoked at once, with the reason", async () => {
    const client = connect(server.address);
    const producer = await client.producer("revoked", ["revoked"]);
    await client.dispatch({ topic: "revoked", requestId: "revoked-1", ttl: duration(20) });
    const expired = await producer.next("assignment");
    expect(await producer.next("revocation")).toEqual({
      assignmentIds: [expired.assignmentId],
      reason: RevocationReason.EXPIRED,
    });
    await client.dispatch({ topic: "revoked", requestId: "revoked-2" });
    const cancelled = await producer.next("assignment");
    expect((await client.cancelRequest("revoked-2")).reason).toBe(SummaryReason.CANCELLED);
    expect(await producer.next("revocation")).toEqual({
      assignmentIds: [cancelled.assignmentId],
      reason: RevocationReason.REQUESTED,
    });
  });
});

describe("a producer that is killed", () => {
  it("is DEPARTED at once, and the request ends before its TTL", async () => {
    const client = connect(server.address);
    const listener = await client.listener({ topics: ["killed"], includeSummaries: true });
    const survivor = await client.producer("survivor", ["killed"]);
    const victim = processes.start(process.execPath, [
      RAW_STREAM,
      server.address,
      "Produce",
      helloOf("victim", "killed"),
    ]);
    await victim.stdout.next();
    await client.dispatch({ topic: "killed", ttl: duration(600_000) });
    survivor.answer(await survivor.next("assignment"), "alive");
    const received = ProduceResponse.decode(Buffer.from(await victim.stdout.next(), "base64"));
    expect(received.messages[0]?.message?.$case).toBe("assignment");
    victim.kill("SIGKILL");
    const { reason, outcomes } = await listener.next("summary");
    expect(reason).toBe(SummaryReason.ALL_ANSWERED);
    expect(outcomes.map(({ producerId, state }) => [producerId, state])).toEqual([
      ["survivor", OutcomeState.ANSWERED],
      ["victim", OutcomeState.DEPARTED],
    ]);
    expect((await client.dispatch({ topic: "killed" })).targets).toHaveLength(1);
  });

  function helloOf(producerId: string, topic: string): string {
    const value = { producerId, registrations: [{ topic }] };
    const hello = ProduceRequest.fromPartial({ messages: [{ message: { $case: "hello", value } }] });
    return Buffer.from(ProduceRequest.encode(hello).finish()).toString("base64");
  }
});
