/**
 * Behaviour within and at the end of a TTL, a deadline or a grace, over real sockets. The clock of the server is held, so
 * that the results do not depend on the load of the machine.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OutcomeState, RevocationReason, SummaryReason } from "ate-dispatcher-client/internal";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { type Json, startBufCurl } from "../support/buf-curl.js";
import { startHeldServer } from "../support/held-clock.js";
import { allEnded, longRunningCommand } from "../support/long-running-command.js";
import { createProcesses } from "../support/processes.js";
import type { RequestInit } from "../support/wire-client.js";
import { connect, duration, type ListenStream, millis, type ProduceStream } from "../support/wire-client.js";
import { refusalOf } from "../support/wire-status.js";

const processes = createProcesses();
afterEach(() => processes.stopAll());

describe("the example of the original system:", () => {
  const content = { args: [3, 4, 5], kwargs: { keyword: "b" } };

  async function answerNext(stream: ProduceStream, id: number, until?: Promise<unknown>): Promise<void> {
    const assignment = await stream.next("assignment");
    await until;
    const { topic, args, kwargs } = assignment.request ?? {};
    stream.answer(assignment, { id, some_key: topic, args, kwargs });
  }

  const received = (listener: ListenStream) =>
    listener.all("delivery").map(({ topic, result }) => [topic, result?.outcome?.value]);

  it("two producers, two listeners and three requests deliver every result to the right listeners", async () => {
    const { address, advance } = await startHeldServer();
    const client = connect(address);
    const producer1 = await client.producer("producer1", ["topic1", "my_topic"]);
    const producer2 = await client.producer("producer2", ["topic1", "topic2", "my_topic"]);
    const listener1 = await client.listener({ topics: ["topic1", "topic2", "my_topic"] });
    const listener2 = await client.listener({ topics: ["topic1", "my_topic"] });

    await client.dispatch({ topic: "topic1", ...content, ttl: duration(4_000) });
    await answerNext(producer1, 1);
    await answerNext(producer2, 2, listener1.next("delivery"));
    await listener1.next("delivery");

    await client.dispatch({ topic: "my_topic", ...content, ttl: duration(50) });
    await answerNext(producer1, 1);
    await listener1.next("delivery");
    advance(50);
    await answerNext(producer2, 2, producer2.next("revocation"));

    await client.dispatch({ topic: "topic2", ...content, ttl: duration(1_000) });
    await answerNext(producer2, 2);
    await listener1.next("delivery");

    const result = (id: number, topic: string) => [topic, { id, some_key: topic, ...content }];
    const both = [result(1, "topic1"), result(2, "topic1"), result(1, "my_topic")];
    expect(received(listener1)).toEqual([...both, result(2, "topic2")]);
    await client.dispatch({ topic: "topic1", requestId: "fence" });
    await answerNext(producer1, 1);
    await listener2.take("delivery", 4);
    expect(received(listener2).slice(0, 3)).toEqual(both);
    expect(received(listener2)).toHaveLength(4);
  });
});

describe("semantics kept from the original:", () => {
  it("the default TTL is 5 s", async () => {
    const { address } = await startHeldServer();
    const client = connect(address);
    const producer = await client.producer("default-ttl", ["default.ttl"]);
    const { ttl } = await client.dispatch({ topic: "default.ttl" });
    expect(millis(ttl)).toBe(5_000);
    expect(millis((await producer.next("assignment")).ttl)).toBe(5_000);
  });

  it("a producer with credit for one is asked one at a time, and the TTLs of the waiting requests keep running", async () => {
    const { address, advance } = await startHeldServer();
    const client = connect(address);
    const producer = await client.producer("one", ["one.at.a.time"], { maxOutstanding: 1 });
    await client.dispatch({ topic: "one.at.a.time", requestId: "first", ttl: duration(60) });
    await client.dispatch({ topic: "one.at.a.time", requestId: "second", ttl: duration(5_000) });
    await client.dispatch({ topic: "one.at.a.time", requestId: "third", ttl: duration(5_000) });
    const first = await producer.next("assignment");
    expect(first.requestId).toBe("first");
    advance(60);
    expect((await producer.next("revocation")).assignmentIds).toEqual([first.assignmentId]);
    const second = await producer.next("assignment");
    expect(second.requestId).toBe("second");
    expect(millis(second.ttl)).toBeLessThan(5_000 - 50);
    expect(producer.all("assignment")).toHaveLength(2);
    producer.answer(second, 1);
    expect((await producer.next("assignment")).requestId).toBe("third");
  });

  it("the summary names the outcome of every producer, so that late and silent ones can be told apart", async () => {
    const { address, advance } = await startHeldServer();
    const client = connect(address);
    const topics = ["outcomes"];
    const answers = await client.producer("a-answers", topics);
    const fails = await client.producer("b-fails", topics);
    await client.producer("c-silent", topics);
    const departs = await client.producer("d-departs", topics);
    const full = await client.producer("e-full", topics, { maxOutstanding: 1 });
    const first = await client.dispatch({ topic: "outcomes", selector: { producerIds: ["e-full"] } });
    const gather = client.gather({ topic: "outcomes", ttl: duration(100) });
    answers.answer(await answers.next("assignment"), 1);
    const failing = await fails.next("assignment");
    fails.reply(failing, { $case: "error", value: { code: 5, message: "not here" } });
    await gather.take("delivery", 2);
    await departs.next("assignment");
    departs.cancel();
    await expect
      .poll(async () => (await client.producers()).map(({ producerId }) => producerId))
      .not.toContain("d-departs");
    advance(100);
    const { requestId, outcomes, ...counts } = await gather.next("summary");
    const byId = new Map(outcomes.map(({ producerId, state }) => [producerId, state]));
    expect(Object.fromEntries(byId)).toEqual({
      "a-answers": OutcomeState.ANSWERED,
      "b-fails": OutcomeState.FAILED,
      "c-silent": OutcomeState.MISSED,
      "d-departs": OutcomeState.DEPARTED,
      "e-full": OutcomeState.SATURATED,
    });
    expect(counts).toMatchObject({ targetedCount: 5, answeredCount: 1, failedCount: 1, missingCount: 3 });
    expect(requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(first.requestId).not.toBe(requestId);
    full.cancel();
  });
});

describe("deadlines:", () => {
  it("Dispatch without a ttl takes the rest of the call's deadline; an explicit ttl takes precedence", async () => {
    const client = connect((await startHeldServer()).address);
    const deadline = Date.now() + 20_000;
    const fromCall = millis((await client.dispatch({ topic: "deadline" }, { deadline })).ttl);
    expect(fromCall).toBe(20_000);
    const own = await client.dispatch({ topic: "deadline", ttl: duration(60_000) }, { deadline });
    expect(millis(own.ttl)).toBe(60_000);
  });

  it("Gather reserves 10 % of the deadline, 25 to 250 ms, and leaves a shorter ttl unchanged", async () => {
    const client = connect((await startHeldServer()).address);
    await client.producer("reserve", ["reserve"]);
    const effective = async (timeout: string, request: Partial<RequestInit> = {}) => {
      const gather = client.gather(
        { topic: "reserve", ...request },
        { metadata: { "grpc-timeout": timeout } },
      );
      const { ttl } = await gather.next("acceptance");
      gather.cancel();
      return millis(ttl);
    };
    expect(await effective("200m")).toBe(175);
    expect(await effective("1000m")).toBe(900);
    expect(await effective("100S")).toBe(99_750);
    expect(await effective("100S", { ttl: duration(1_234) })).toBe(1_234);
  });

  it("a gather with a deadline of 150 ms and a silent producer gets its summary and OK, 100 times out of 100", async () => {
    const { address, advance } = await startHeldServer();
    const client = connect(address);
    await client.producer("silent", ["silent"]);
    const ends: string[] = [];
    while (ends.length < 100) {
      const deadline = Date.now() + 150;
      const gathers = Array.from({ length: 5 }, () => client.gather({ topic: "silent" }, { deadline }));
      for (const gather of gathers) await gather.next("acceptance");
      // The reserve is 25 ms, so everything arrives before the deadline.
      advance(125);
      expect(Date.now()).toBeLessThan(deadline);
      for (const gather of gathers) {
        const { code } = await gather.ended;
        ends.push(`${code} ${gather.all("summary").map(({ reason }) => reason)}`);
      }
    }
    expect(ends).toEqual(Array(100).fill(`OK ${SummaryReason.EXPIRED}`));
  });

  it("a deadline on Listen, Subscribe and Produce limits the stream's lifetime", async () => {
    const { address, advance } = await startHeldServer();
    const client = connect(address);
    // Only the header is sent, so that the server's clock decides and not the client's.
    const init = { metadata: { "grpc-timeout": "50m" } };
    const subscribe = client.subscribe(init);
    subscribe.send({ $case: "listen", value: {} });
    await subscribe.next("ready");
    const produce = client.produce(init);
    await produce.hello({ producerId: "expiring", registrations: [{ topic: "expiring" }] });
    const listen = client.listen({ topics: ["t"] }, init);
    await listen.next("ready");
    expect((await client.dispatch({ topic: "expiring" })).targets).toHaveLength(1);
    advance(50);
    for (const { ended } of [listen, subscribe, produce]) {
      expect((await ended).code).toBe("DEADLINE_EXCEEDED");
    }
    expect((await client.dispatch({ topic: "expiring" })).targets).toEqual([]);
  });
});

describe("a gather with 20 ms left until its deadline", () => {
  it("is rejected with DEADLINE_TOO_SHORT", async () => {
    const client = connect((await startHeldServer()).address);
    const { ended } = client.gather({ topic: "t" }, { metadata: { "grpc-timeout": "20m" } });
    expect(await ended).toMatchObject({
      code: "DEADLINE_EXCEEDED",
      reason: "DEADLINE_TOO_SHORT",
      domain: "ate.dispatcher",
    });
  });
});

describe("the limit of requests per second", () => {
  it("rejects requests beyond it, with the delay before a retry", async () => {
    const client = connect((await startHeldServer({ maxRequestsPerSecond: 1 })).address);
    await client.dispatch({ topic: "t" });
    const refused = await refusalOf(client.dispatch({ topic: "t" }));
    expect(refused).toMatchObject({
      ...{ code: "RESOURCE_EXHAUSTED", reason: "RATE_LIMIT", domain: "ate.dispatcher" },
      metadata: { limit: "1" },
    });
    expect(refused.retryDelayMs).toBe(1_000);
  });
});

describe("with buf curl alone:", () => {
  it("the example of the original system runs, with replies typed into Produce", async () => {
    const { address, advance } = await startHeldServer();
    const curl = (path: string, ...args: readonly string[]) =>
      startBufCurl(processes, address, `ate.dispatcher.v1.DispatcherService/${path}`, ...args);
    const listen = (topics: readonly string[]) =>
      curl("Listen", "-d", JSON.stringify({ topics, include_summaries: true }));
    const produce = (id: string) => {
      const producer = curl("Produce", "-d", "@-");
      const registrations = [{ topic: "topic1" }, { topic: "my_topic" }];
      producer.type({ messages: [{ hello: { producer_id: id, registrations } }] });
      return producer;
    };
    const dispatch = async (topic: string, ttl: string): Promise<void> => {
      const request = { topic, args: [3, 4, 5], kwargs: { keyword: "b" }, ttl };
      const { code } = await curl("Dispatch", "-d", JSON.stringify({ request })).exit();
      expect(code).toBe(0);
    };
    const [listener1, listener2] = [listen(["topic1", "my_topic"]), listen(["topic1"])];
    const [producer1, producer2] = [produce("producer1"), produce("producer2")];
    for (const listener of [listener1, listener2]) await listener.document();
    for (const producer of [producer1, producer2]) await producer.document();
    const nextAssignment = async (producer: typeof producer1) =>
      (await producer.document()).messages[0].assignment;
    const answer = (producer: typeof producer1, { assignmentId, request }: Json, id: number) => {
      const value = { id, some_key: request.topic, args: request.args, kwargs: request.kwargs };
      producer.type({ messages: [{ reply: { assignment_id: assignmentId, result: { value } } }] });
    };
    const nextEvents = async (listener: typeof listener1) => (await listener.document()).events;

    await dispatch("topic1", "30s");
    const [first, second] = [await nextAssignment(producer1), await nextAssignment(producer2)];
    expect(first.request).toEqual({
      topic: "topic1",
      args: [3, 4, 5],
      kwargs: { keyword: "b" },
      ttl: "30s",
    });
    answer(producer1, first, 1);
    const result = (id: number) => ({
      value: { id, some_key: "topic1", args: [3, 4, 5], kwargs: { keyword: "b" } },
    });
    for (const listener of [listener1, listener2]) {
      expect(await nextEvents(listener)).toMatchObject([
        { delivery: { producerId: "producer1", result: result(1) } },
      ]);
    }
    answer(producer2, second, 2);
    for (const listener of [listener1, listener2]) {
      expect(await nextEvents(listener)).toMatchObject([
        { delivery: { producerId: "producer2", result: result(2) } },
        { summary: { reason: "SUMMARY_REASON_ALL_ANSWERED", answeredCount: 2 } },
      ]);
    }

    const dispatched = dispatch("my_topic", "1.5s");
    answer(producer1, await nextAssignment(producer1), 1);
    await dispatched;
    expect(await nextEvents(listener1)).toMatchObject([{ delivery: { producerId: "producer1" } }]);
    const late = await nextAssignment(producer2);
    advance(1_500);
    expect((await producer2.document()).messages).toEqual([
      { revocation: { assignmentIds: [late.assignmentId], reason: "REVOCATION_REASON_EXPIRED" } },
    ]);
    answer(producer2, late, 2);
    expect(await nextEvents(listener1)).toMatchObject([
      {
        summary: {
          reason: "SUMMARY_REASON_EXPIRED",
          outcomes: expect.arrayContaining([
            expect.objectContaining({ producerId: "producer1", state: "OUTCOME_STATE_ANSWERED" }),
            expect.objectContaining({ producerId: "producer2", state: "OUTCOME_STATE_MISSED" }),
          ]),
        },
      },
    ]);

    for (const producer of [producer1, producer2]) {
      producer.type({ messages: [{ drain: {} }] });
      expect((await producer.document()).messages).toEqual([{ drained: {} }]);
      producer.stdin.end();
      expect((await producer.exit()).code).toBe(0);
    }
  });
});

describe("the command line:", () => {
  it("gather with --ttl prints the results that are in time and exits with code 3", async () => {
    const { address, advance } = await startHeldServer();
    const client = connect(address);
    const fast = await client.producer("fast", ["race.one"]);
    await client.producer("slow", ["race.one"]);
    const gather = processes.cli(["gather", "race.one", "--json", "--ttl", "200ms", "--address", address]);
    fast.answer(await fast.next("assignment"), 1);
    await gather.stdout.next(/"event":"result"/);
    advance(200);

    expect(JSON.parse(await gather.stdout.next(/"event":"summary"/))).toMatchObject({
      ...{ reason: "EXPIRED", satisfied: false, answered_count: 1 },
    });
    expect(await gather.exit()).toEqual({ code: 3, signal: null });
  });

  it("produce --exec kills the command and its children at the TTL", async () => {
    const { address, advance } = await startHeldServer();
    const client = connect(address);
    const folder = mkdtempSync(join(tmpdir(), "ate-held-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { command, started } = longRunningCommand(join(folder, "expired"));
    const there = ["--address", address, "--json"];
    const producer = processes.cli(["produce", "expiring", "--exec", command, ...there]);
    await producer.stderr.next(/"event":"ready"/);
    const gather = client.gather({ topic: "expiring", ttl: duration(500) });
    const pids = await started;
    advance(500);

    expect(await gather.next("summary")).toMatchObject({
      reason: SummaryReason.EXPIRED,
      outcomes: [{ state: OutcomeState.MISSED }],
    });
    expect(await producer.stdout.next()).toMatch(/"event":"revoked".*"message":"EXPIRED"/);
    await allEnded(pids);
  });
});

describe("during the grace of a drain", () => {
  it("a request whose TTL ends first expires as usual", async () => {
    const { address, advance, drain } = await startHeldServer({ drainGraceMs: 60_000 });
    const client = connect(address);
    const silent = await client.producer("silent", ["silent"]);
    const gather = client.gather({ topic: "silent", ttl: duration(800) });
    await gather.next("acceptance");
    drain();
    await gather.next("goAway");
    advance(800);
    expect((await gather.next("summary")).reason).toBe(SummaryReason.EXPIRED);
    expect((await silent.next("revocation")).reason).toBe(RevocationReason.EXPIRED);
    expect((await gather.ended).code).toBe("OK");
  });
});
