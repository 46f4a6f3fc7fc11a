/**
 * The capabilities that the original system lacks, over real sockets: one test per promise, and the points of the
 * contract that depend on a connection.
 */
import {
  DispositionState,
  GapReason,
  LoserAction,
  OutcomeState,
  RevocationReason,
  SummaryReason,
} from "ate-dispatcher-client/internal";
import { describe, expect, it } from "vitest";
import { startServer, useServer } from "../support/in-process.js";
import {
  connect,
  duration,
  type ListenStream,
  millis,
  type ProduceStream,
  type RequestInit,
  type WireClient,
} from "../support/wire-client.js";
import { refusalOf } from "../support/wire-status.js";

const server = useServer();

/** Producers on a topic, by id. */
function producers(client: WireClient, topic: string, ...ids: readonly string[]): Promise<ProduceStream[]> {
  return Promise.all(
    ids.map((id) => client.producer(`${topic}/${id}`, [topic], { reportDispositions: true })),
  );
}

describe("completion:", () => {
  /** Asks two producers and lets the first reply. */
  async function oneOfTwo(client: WireClient, topic: string, completion: RequestInit["completion"]) {
    const [first, second] = (await producers(client, topic, "1", "2")) as [ProduceStream, ProduceStream];
    const listener = await client.listener({ topics: [topic], includeLate: true, includeSummaries: true });
    const gather = client.gather({ topic, completion, ttl: duration(60_000) });
    const outstanding = await second.next("assignment");
    first.answer(await first.next("assignment"), "enough");
    return { first, second, listener, gather, outstanding };
  }

  it("ends as soon as the last target has replied", async () => {
    const client = connect(server.address);
    const all = await producers(client, "all", "1", "2", "3");
    const gather = client.gather({ topic: "all", ttl: duration(600_000) });
    for (const producer of all) producer.answer(await producer.next("assignment"), 1);
    expect(await gather.next("summary")).toMatchObject({
      reason: SummaryReason.ALL_ANSWERED,
      satisfied: true,
      targetedCount: 3,
      answeredCount: 3,
      missingCount: 0,
    });
    expect((await gather.ended).code).toBe("OK");
    const kinds = gather.events.map(({ $case }) => $case);
    expect(kinds).toEqual(["acceptance", "delivery", "delivery", "delivery", "summary"]);
  });

  it.each<readonly [string, RequestInit["completion"]]>([
    ["a number of results", { until: { $case: "resultCount", value: 1 } }],
    ["a quorum", { until: { $case: "quorumPercent", value: 50 } }],
    ["the first success", { until: { $case: "firstSuccess", value: true } }],
  ])(
    "ends at %s; the losers are revoked as COMPLETED, and their replies are CANCELLED",
    async (goal, completion) => {
      const client = connect(server.address);
      const topic = `goal.${goal.replaceAll(" ", "-")}`;
      const { second, gather, listener, outstanding } = await oneOfTwo(client, topic, completion);
      const { reason, satisfied, outcomes } = await gather.next("summary");
      expect({ reason, satisfied }).toEqual({ reason: SummaryReason.POLICY_MET, satisfied: true });
      expect(outcomes.map(({ state }) => state)).toEqual([OutcomeState.ANSWERED, OutcomeState.CANCELLED]);
      expect(await second.next("revocation")).toEqual({
        assignmentIds: [outstanding.assignmentId],
        reason: RevocationReason.COMPLETED,
      });
      second.answer(outstanding, "too late");
      expect((await second.next("disposition")).state).toBe(DispositionState.CANCELLED);
      await listener.take("delivery", 2);
      expect(listener.all("delivery").map(({ late }) => late)).toEqual([false, true]);
    },
  );

  it("ends at the stall timeout, which starts with the first result", async () => {
    const client = connect(server.address);
    const { gather } = await oneOfTwo(client, "stalls", { stallTimeout: duration(20) });
    expect((await gather.next("summary")).reason).toBe(SummaryReason.STALLED);
  });

  it("with LET_RUN the caller gets its summary, and the listeners get the remaining results before theirs", async () => {
    const client = connect(server.address);
    const { second, gather, listener, outstanding } = await oneOfTwo(client, "runs.on", {
      until: { $case: "resultCount", value: 1 },
      loserAction: LoserAction.LET_RUN,
    });
    expect((await gather.ended).code).toBe("OK");
    expect(listener.all("summary")).toEqual([]);
    second.answer(outstanding, "for the listeners");
    expect((await second.next("disposition")).state).toBe(DispositionState.ACCEPTED);
    expect(await listener.next("summary")).toMatchObject({
      reason: SummaryReason.POLICY_MET,
      answeredCount: 2,
    });
    expect(listener.events.map(({ $case }) => $case)).toEqual(["ready", "delivery", "delivery", "summary"]);
    expect(gather.all("delivery")).toHaveLength(1);
  });

  it("ends early when the last outstanding producer disconnects", async () => {
    const client = connect(server.address);
    const { second, gather } = await oneOfTwo(client, "disconnects", undefined);
    second.halfClose();
    expect(await gather.next("summary")).toMatchObject({
      reason: SummaryReason.ALL_ANSWERED,
      satisfied: false,
      outcomes: [{ state: OutcomeState.ANSWERED }, { state: OutcomeState.DEPARTED }],
    });
    expect((await second.ended).code).toBe("OK");
  });
});

describe("the end of a producer's session:", () => {
  it("after a half-close without Drain its assignments depart", async () => {
    const client = connect(server.address);
    const producer = await client.producer("half-closes", ["drain.half"]);
    producer.halfClose();
    expect((await producer.ended).code).toBe("OK");
    expect((await client.dispatch({ topic: "drain.half" })).targets).toEqual([]);
  });

  it("after Drain it gets no new assignments, finishes the outstanding ones, then gets Drained and OK", async () => {
    const client = connect(server.address);
    const producer = await client.producer("drains", ["drain.finish"]);
    const gather = client.gather({ topic: "drain.finish" });
    const assignment = await producer.next("assignment");
    producer.send({ $case: "drain", value: {} }, { $case: "register", value: { correlationId: "fence" } });
    await producer.next("fault");
    expect((await client.dispatch({ topic: "drain.finish" })).targets).toEqual([]);
    expect(producer.all("drained")).toEqual([]);
    producer.answer(assignment, "the last one");
    await producer.next("drained");
    expect((await producer.ended).code).toBe("OK");
    expect((await gather.next("summary")).answeredCount).toBe(1);
  });

  it("after Drain without outstanding assignments it ends at once", async () => {
    const producer = await connect(server.address).producer("idle", ["drain.idle"]);
    producer.send({ $case: "drain", value: {} });
    await producer.next("drained");
    expect((await producer.ended).code).toBe("OK");
  });

  it("after Drain with a silent handler it ends at the TTL", async () => {
    const client = connect(server.address);
    const producer = await client.producer("drains-silent", ["drain.silent"]);
    await client.dispatch({ topic: "drain.silent", ttl: duration(30) });
    await producer.next("assignment");
    producer.send({ $case: "drain", value: {} });
    expect((await producer.next("revocation")).reason).toBe(RevocationReason.EXPIRED);
    await producer.next("drained");
    expect((await producer.ended).code).toBe("OK");
  });
});

describe("the newest session of an id wins:", () => {
  it("a producer's older stream ends ABORTED, and its end does not affect the newer one", async () => {
    const client = connect(server.address);
    const older = await client.producer("twin", ["twins"]);
    const gather = client.gather({ topic: "twins" });
    const outstanding = await older.next("assignment");
    const newer = await connect(server.address).producer("twin", ["twins"], { reportDispositions: true });
    expect(await older.ended).toMatchObject({ code: "ABORTED", reason: "SESSION_REPLACED" });
    expect((await gather.next("summary")).outcomes).toMatchObject([{ state: OutcomeState.DEPARTED }]);
    older.cancel();
    newer.answer(outstanding, "the older one's");
    expect((await newer.next("disposition")).state).toBe(DispositionState.UNKNOWN);
    const again = client.gather({ topic: "twins" });
    newer.answer(await newer.next("assignment"), "mine");
    expect((await again.next("summary")).answeredCount).toBe(1);
    const connected = (await client.producers()).filter(({ producerId }) => producerId === "twin");
    expect(connected).toHaveLength(1);
  });

  it("a listener's older stream ends ABORTED, and the newer one receives every result", async () => {
    const client = connect(server.address);
    const [producer] = (await producers(client, "twin.received", "1")) as [ProduceStream];
    const older = await client.listener({ listenerId: "listener", topics: ["twin.received"] });
    const newer = client.subscribe();
    newer.send({ $case: "listen", value: { listenerId: "listener", topics: ["twin.received"] } });
    await newer.next("ready");
    expect(await older.ended).toMatchObject({ code: "ABORTED", reason: "SESSION_REPLACED" });
    await client.dispatch({ topic: "twin.received" });
    producer.answer(await producer.next("assignment"), 1);
    await newer.next("delivery");
    expect(await client.updateListener({ listenerId: "listener" })).toEqual(["twin.received"]);
  });

  it("a hundred simultaneous reconnects of one id leave one session", async () => {
    const client = connect(server.address);
    const streams = Array.from({ length: 100 }, () => client.produce());
    const value = { producerId: "hundred", registrations: [{ topic: "hundred" }] };
    for (const stream of streams) stream.send({ $case: "hello", value });
    const codes = await Promise.all(streams.slice(0, -1).map(async ({ ended }) => (await ended).code));
    expect(new Set(codes)).toEqual(new Set(["ABORTED"]));
    const last = streams.at(-1) as ProduceStream;
    expect((await client.dispatch({ topic: "hundred" })).targets).toHaveLength(1);
    expect((await last.next("assignment")).attempt).toBe(1);
  });
});

describe("topics change on live streams:", () => {
  it("UpdateListener adds before the first delivery, removes after the last, and returns the topics", async () => {
    const client = connect(server.address);
    const [a, b] = [
      await client.producer("change-a", ["live.a"]),
      await client.producer("change-b", ["live.b"]),
    ];
    const listener = await client.listener({ listenerId: "live", topics: ["live.a"] });
    const change = { listenerId: "live", addTopics: ["live.b"], removeTopics: ["live.a"] };
    expect(await client.updateListener(change)).toEqual(["live.b"]);
    expect(await listener.next("topicsChanged")).toMatchObject({
      added: ["live.b"],
      removed: ["live.a"],
      cursors: [{ topic: "live.b", sequence: 0n }],
    });
    const again = { listenerId: "live", addTopics: ["live.b", "live.b"], removeTopics: ["live.a", "never"] };
    expect(await client.updateListener(again)).toEqual(["live.b"]);
    await client.dispatch({ topic: "live.a" });
    await client.dispatch({ topic: "live.b" });
    a.answer(await a.next("assignment"), "not delivered");
    b.answer(await b.next("assignment"), "delivered");
    await listener.next("delivery");
    expect(listener.all("delivery").map(({ topic }) => topic)).toEqual(["live.b"]);
  });

  it("Subscribe changes them on its own stream, and stays live after a half-close", async () => {
    const client = connect(server.address);
    const producer = await client.producer("change-c", ["live.c"]);
    const stream = client.subscribe();
    stream.send({ $case: "listen", value: { topics: [] } });
    await stream.next("ready");
    stream.send({ $case: "update", value: { addTopics: ["live.c"] } });
    await stream.next("topicsChanged");
    stream.halfClose();
    await client.dispatch({ topic: "live.c" });
    producer.answer(await producer.next("assignment"), 1);
    expect((await stream.next("delivery")).topic).toBe("live.c");
  });

  it("wildcards cover one token or the rest, and overlapping wildcards deliver once", async () => {
    const client = connect(server.address);
    const producer = await client.producer("wild", ["wild.*", "wild.>", "wild.x"]);
    const listener = await client.listener({ topics: ["wild.x", "wild.*", ">"] });
    const { targets, listenerCount } = await client.dispatch({ topic: "wild.x" });
    expect({ targets: targets.length, listenerCount }).toEqual({ targets: 1, listenerCount: 1 });
    producer.answer(await producer.next("assignment"), 1);
    await listener.next("delivery");
    await client.dispatch({ topic: "wild.x.y", requestId: "deeper" });
    const deeper = await producer.next("assignment");
    expect(deeper.requestId).toBe("deeper");
    producer.answer(deeper, 1);
    await listener.next("delivery");
    expect(listener.all("delivery")).toHaveLength(2);
  });
});

describe("ids:", () => {
  it("a request with the same request_id and content gets the same Acceptance and is scattered once", async () => {
    const client = connect(server.address);
    const producer = await client.producer("idempotent", ["idempotent"]);
    const request = { topic: "idempotent", requestId: "order-66", args: [1] };
    const first = await client.dispatch(request);
    const repeats = await Promise.all(Array.from({ length: 50 }, () => client.dispatch(request)));
    for (const repeat of repeats) expect(repeat).toEqual(first);
    producer.answer(await producer.next("assignment"), 1);
    expect(await client.dispatch(request)).toEqual(first);
    await client.dispatch({ topic: "idempotent", requestId: "fence" });
    expect((await producer.next("assignment")).requestId).toBe("fence");
  });

  it("a repeated gather gets the remaining results, or the summary if it has ended", async () => {
    const client = connect(server.address);
    const producer = await client.producer("regather", ["regather"]);
    const request = { topic: "regather", requestId: "gather-again" };
    const first = client.gather(request);
    const acceptance = await first.next("acceptance");
    const second = connect(server.address).gather(request);
    expect(await second.next("acceptance")).toEqual(acceptance);
    producer.answer(await producer.next("assignment"), 1);
    const summary = await first.next("summary");
    expect(await second.next("summary")).toEqual(summary);
    expect((await second.next("delivery")).ordinal).toBe(1);
    const third = client.gather(request);
    expect(await third.next("summary")).toEqual(summary);
    expect((await third.ended).code).toBe("OK");
  });

  it("a caller that disconnects does not cancel a request that another caller still gathers", async () => {
    const client = connect(server.address);
    const producer = await client.producer("shared", ["shared"]);
    const request = { topic: "shared", requestId: "shared-1" };
    const first = client.gather(request);
    await first.next("acceptance");
    const second = connect(server.address).gather(request);
    await second.next("acceptance");
    const assignment = await producer.next("assignment");
    first.cancel();
    await first.ended;
    producer.answer(assignment, 1);
    expect((await second.next("summary")).reason).toBe(SummaryReason.ALL_ANSWERED);
  });
});

describe("a cancellation is pushed to the producers:", () => {
  it("REQUESTED by CancelRequest, which returns the final summary", async () => {
    const client = connect(server.address);
    const [answers, silent] = (await producers(client, "cancel.call", "1", "2")) as [
      ProduceStream,
      ProduceStream,
    ];
    const gather = client.gather({ topic: "cancel.call", requestId: "cancel-1" });
    answers.answer(await answers.next("assignment"), 1);
    await gather.next("delivery");
    const summary = await client.cancelRequest("cancel-1");
    expect(summary).toMatchObject({ reason: SummaryReason.CANCELLED, answeredCount: 1, missingCount: 1 });
    expect((await silent.next("revocation")).reason).toBe(RevocationReason.REQUESTED);
    expect(await gather.next("summary")).toEqual(summary);
    expect(await client.cancelRequest("cancel-1")).toEqual(summary);
  });

  it("REQUESTED on a Submit stream, after the submissions of the same message", async () => {
    const client = connect(server.address);
    const producer = await client.producer("cancel-submit", ["cancel.submit"]);
    const stream = client.submit();
    const request = { topic: "cancel.submit", requestId: "cancel-2" };
    stream.send({
      submissions: [{ correlationId: "c", request, gather: true }],
      cancelRequestIds: ["unknown-request", "cancel-2"],
    });
    await stream.next("acceptance");
    expect((await stream.next("summary")).reason).toBe(SummaryReason.CANCELLED);
    const { assignmentId } = await producer.next("assignment");
    const reason = RevocationReason.REQUESTED;
    expect(await producer.next("revocation")).toEqual({ assignmentIds: [assignmentId], reason });
  });

  it.each(["gather", "submit"] as const)("CALLER_GONE when the caller of a %s disconnects", async (kind) => {
    const client = connect(server.address);
    const topic = `caller.gone.${kind}`;
    const [producer] = (await producers(client, topic, "1")) as [ProduceStream];
    const listener = await client.listener({ topics: [topic], includeSummaries: true });
    const caller = kind === "gather" ? client.gather({ topic }) : submitted(client, topic);
    const assignment = await producer.next("assignment");
    caller.cancel();
    expect((await producer.next("revocation")).reason).toBe(RevocationReason.CALLER_GONE);
    expect((await listener.next("summary")).reason).toBe(SummaryReason.CANCELLED);
    producer.answer(assignment, "for nobody");
    expect((await producer.next("disposition")).state).toBe(DispositionState.CANCELLED);
  });

  function submitted(client: WireClient, topic: string) {
    const stream = client.submit();
    stream.submit({ correlationId: "c", request: { topic }, gather: true });
    return stream;
  }

  it("never for a dispatch, whose caller may disconnect after the acceptance", async () => {
    const client = connect(server.address);
    const producer = await client.producer("dispatched", ["dispatched"]);
    const listener = await client.listener({ topics: ["dispatched"] });
    const caller = connect(server.address);
    await caller.dispatch({ topic: "dispatched" });
    caller.close();
    producer.answer(await producer.next("assignment"), 1);
    await listener.next("delivery");
  });
});

describe("Submit:", () => {
  it("multiplexes gathers and dispatches, and after a half-close ends OK with the last gather", async () => {
    const client = connect(server.address);
    const producer = await client.producer("many", ["many"]);
    const stream = client.submit();
    const submissions = Array.from({ length: 50 }, (_, i) => ({
      correlationId: `c${i}`,
      request: { topic: "many", args: [i] },
      gather: i % 2 === 0,
    }));
    stream.submit(...submissions);
    stream.halfClose();
    const accepted = await stream.take("acceptance", 50);
    expect(accepted.map(({ correlationId }) => correlationId)).toEqual(
      submissions.map((s) => s.correlationId),
    );
    for (const assignment of await producer.take("assignment", 50)) {
      producer.answer(assignment, assignment.request?.args?.[0]);
    }
    expect((await stream.ended).code).toBe("OK");
    expect(stream.all("summary")).toHaveLength(25);
    const answers = stream.all("delivery").map(({ result }) => result?.outcome?.value);
    expect(answers).toEqual(Array.from({ length: 25 }, (_, i) => i * 2));
    // More than 100 events arrive in far fewer messages: a batch takes all queued events.
    expect(stream.messageCount).toBeLessThan(50);
  });

  it("does not deliver to listeners with exclude_listeners", async () => {
    const client = connect(server.address);
    const producer = await client.producer("private", ["private"]);
    const listener = await client.listener({ topics: ["private"], includeSummaries: true });
    const gather = client.gather({ topic: "private" }, { excludeListeners: true });
    producer.answer(await producer.next("assignment"), "private");
    expect(await gather.next("delivery")).toMatchObject({ sequence: 0n, ordinal: 1 });
    await client.dispatch({ topic: "private" });
    producer.answer(await producer.next("assignment"), "public");
    await listener.next("summary");
    expect(listener.all("delivery").map(({ result }) => result?.outcome?.value)).toEqual(["public"]);
  });
});

describe("every stream gets heartbeats:", () => {
  const beating = useServer({ heartbeatMs: 20 });

  it.each(["produce", "listen", "subscribe", "submit", "gather"] as const)("%s", async (kind) => {
    const client = connect(beating.address);
    const producer = await client.producer(`beats-${kind}`, [`beats.${kind}`]);
    const topics = [`beats.${kind}`];
    const open = {
      produce: () => producer,
      listen: () => client.listen({ topics }),
      subscribe: () => {
        const stream = client.subscribe();
        stream.send({ $case: "listen", value: { topics } });
        return stream;
      },
      submit: () => client.submit(),
      gather: () => client.gather({ topic: `beats.${kind}` }),
    };
    // The streams have different event types, and each of them includes a heartbeat.
    const stream = open[kind]() as ListenStream;
    for (const { interval } of await stream.take("heartbeat", 3)) expect(millis(interval)).toBe(20);
  });

  it("with a listener's cursors, from which it can resume", async () => {
    const client = connect(beating.address);
    const producer = await client.producer("resumed", ["resumed"]);
    const listener = await client.listener({ listenerId: "resumes", topics: ["resumed"] });
    const deliver = async (value: unknown) => {
      await client.dispatch({ topic: "resumed" });
      producer.answer(await producer.next("assignment"), value);
    };
    await deliver("delivered");
    await listener.next("delivery");
    let cursors = (await listener.next("heartbeat")).cursors;
    while (cursors[0]?.sequence !== 1n) cursors = (await listener.next("heartbeat")).cursors;
    listener.cancel();
    await listener.ended;
    await deliver("missed 1");
    await deliver("missed 2");
    const again = client.listen({ listenerId: "resumes", topics: ["resumed"], resumeFrom: cursors });
    expect((await again.next("ready")).cursors).toEqual(cursors);
    await deliver("new");
    await again.take("delivery", 3);
    const values = again.all("delivery").map(({ sequence, result }) => [sequence, result?.outcome?.value]);
    expect(values).toEqual([
      [2n, "missed 1"],
      [3n, "missed 2"],
      [4n, "new"],
    ]);
    expect(again.all("gap")).toEqual([]);
  });
});

describe("a listener that resumes gets a gap for what it lost:", () => {
  it("EPOCH_CHANGED for a cursor of another epoch", async () => {
    const client = connect(server.address);
    const resumeFrom = [{ topic: "epochs", epoch: "another", sequence: 7n }];
    const listener = await client.listener({ topics: ["epochs"], resumeFrom });
    const lost = { topic: "epochs", reason: GapReason.EPOCH_CHANGED, from: 0n, to: 0n, lostCount: 0n };
    expect(await listener.next("gap")).toEqual(lost);
  });

  it("RETENTION for deliveries that are no longer retained", async () => {
    const client = connect((await startServer({ retainedBytes: 0 })).address);
    const producer = await client.producer("forgotten", ["forgotten"]);
    const listener = await client.listener({ topics: ["forgotten"] });
    for (let i = 0; i < 3; i++) {
      await client.dispatch({ topic: "forgotten" });
      producer.answer(await producer.next("assignment"), i);
    }
    await listener.take("delivery", 3);
    const [begin] = listener.all("ready")[0]?.cursors ?? [];
    if (!begin) throw new Error("Ready has no cursor for the topic");
    const again = await client.listener({ topics: ["forgotten"], resumeFrom: [{ ...begin, sequence: 1n }] });
    const lost = { topic: "forgotten", reason: GapReason.RETENTION, from: 2n, to: 3n, lostCount: 2n };
    expect(await again.next("gap")).toEqual(lost);
  });
});

describe("the targets are", () => {
  it.each([
    [
      "without a group if one of its registrations has none",
      "w1",
      ["", "g"],
      [
        ["both", ""],
        ["other", "g"],
      ],
    ],
    [
      "for one of its groups",
      "w2",
      ["g", "h"],
      [
        ["other", "g"],
        ["both", "h"],
      ],
    ],
  ] as const)("a producer with overlapping registrations once, %s", async (_, root, groups, expected) => {
    const client = connect(server.address);
    const registrations = [
      { topic: `${root}.>`, group: groups[0] },
      { topic: `${root}.a`, group: groups[1] },
    ];
    const both = await client.producer(`both-${root}`, [], { registrations });
    const other = await client.producer(`other-${root}`, [], {
      registrations: [{ topic: `${root}.a`, group: "g" }],
    });

    for (let i = 0; i < 4; i++) {
      const gather = client.gather({ topic: `${root}.a` });
      const { targets } = await gather.next("acceptance");
      expect([...targets].sort((a, b) => (a.group < b.group ? -1 : 1))).toEqual(
        expected.map(([name, group]) => ({ producerId: `${name}-${root}`, principal: "", group })),
      );
      for (const producer of [both, other]) producer.answer(await producer.next("assignment"), 1);
      expect((await gather.next("summary")).answeredCount).toBe(2);
    }
    expect([both.all("assignment").length, other.all("assignment").length]).toEqual([4, 4]);
  });

  it("one member of a group, and the next one as attempt 2 when the first departs", async () => {
    const client = connect(server.address);
    const member = (id: string) =>
      client.producer(id, [], { registrations: [{ topic: "grouped", group: "workers" }] });
    const members = [await member("m1"), await member("m2")];
    const gather = client.gather({ topic: "grouped" });
    const { targets } = await gather.next("acceptance");
    expect(targets).toHaveLength(1);
    const [chosen, other] = targets[0]?.producerId === "m1" ? members : [...members].reverse();
    if (!chosen || !other) throw new Error("a group of two has two members");
    expect((await chosen.next("assignment")).attempt).toBe(1);
    chosen.cancel();
    const again = await other.next("assignment");
    expect(again.attempt).toBe(2);
    other.answer(again, 1);
    const { outcomes } = await gather.next("summary");
    expect(outcomes).toMatchObject([{ group: "workers", state: OutcomeState.ANSWERED }]);
  });

  it("the producers that a selector matches by label and id", async () => {
    const client = connect(server.address);
    await client.producer("north-1", ["selected"], { labels: { zone: "north" } });
    await client.producer("north-2", ["selected"], { labels: { zone: "north" } });
    await client.producer("south-1", ["selected"], { labels: { zone: "south" } });
    const targetsOf = async (selector: RequestInit["selector"]) => {
      const { targets } = await client.dispatch({ topic: "selected", selector }, { validateOnly: true });
      return targets.map(({ producerId }) => producerId).sort();
    };
    expect(await targetsOf({ matchLabels: { zone: "north" } })).toEqual(["north-1", "north-2"]);
    expect(await targetsOf({ producerIds: ["south-1", "nobody"] })).toEqual(["south-1"]);
    expect(await targetsOf({ matchLabels: { zone: "north" }, producerIds: ["south-1"] })).toEqual([]);
    expect(await targetsOf({ maxTargets: 2 })).toHaveLength(2);
  });

  it("reported by validate_only, which scatters nothing and leaves no state", async () => {
    const client = connect(server.address);
    const producer = await client.producer("tried", ["tried"]);
    const request = { topic: "tried", requestId: "tried-1" };
    const { targets } = await client.dispatch(request, { validateOnly: true });
    expect(targets).toEqual([{ producerId: "tried", principal: "", group: "" }]);
    await client.dispatch({ ...request, args: ["other content"] });
    expect((await producer.next("assignment")).request?.args).toEqual(["other content"]);
  });

  it("sent their waiting assignments when the credit window grows", async () => {
    const client = connect(server.address);
    const producer = await client.producer("widens", ["widens"], { maxOutstanding: 1 });
    for (let i = 0; i < 3; i++) await client.dispatch({ topic: "widens" });
    await producer.next("assignment");
    producer.send({ $case: "updateCredit", value: { maxOutstanding: 3 } });
    await producer.take("assignment", 2);
  });

  it("SATURATED at once beyond window and backlog", async () => {
    const client = connect(server.address);
    await client.producer("small", ["small"], { maxOutstanding: 1, maxBacklog: 1 });
    await client.dispatch({ topic: "small" });
    await client.dispatch({ topic: "small" });
    const { reason, outcomes } = await client.gather({ topic: "small" }).next("summary");
    expect(reason).toBe(SummaryReason.ALL_ANSWERED);
    expect(outcomes).toMatchObject([{ state: OutcomeState.SATURATED }]);
  });
});

describe("trace context", () => {
  const trace = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "a=b" };

  it("passes from a call's metadata to assignments and deliveries; other metadata does not", async () => {
    const client = connect(server.address);
    const producer = await client.producer("traced", ["traced"]);
    const listener = await client.listener({ topics: ["traced"] });
    const metadata = { ...trace, baggage: "k=v", authorization: "Bearer secret", "x-other": "1" };
    await client.dispatch({ topic: "traced" }, { metadata });
    const assignment = await producer.next("assignment");
    expect(assignment.context).toEqual({ ...trace, baggage: "k=v" });
    producer.answer(assignment, 1);
    expect((await listener.next("delivery")).context).toEqual({ ...trace, baggage: "k=v" });
    const gather = client.gather({ topic: "traced" }, { metadata: trace });
    const gathered = await producer.next("assignment");
    expect(gathered.context).toEqual(trace);
    producer.answer(gathered, 1);
    expect((await gather.next("delivery")).context).toEqual(trace);
  });

  it("is cut to the members that W3C demands, and counts towards the bytes of pending requests", async () => {
    const client = connect((await startServer({ maxPendingBytes: 20_000, peerShare: 0 })).address);
    const producer = await client.producer("cut", ["cut"]);
    const members = (count: number) =>
      Array.from({ length: count }, (_, i) => `k${i}=`.padEnd(99, "v")).join(",");
    const metadata = { tracestate: members(10), baggage: members(90) };
    await client.dispatch({ topic: "cut" }, { metadata });
    const { context } = await producer.next("assignment");
    expect(context).toEqual({ tracestate: members(5), baggage: members(81) });
    await client.dispatch({ topic: "cut" }, { metadata });
    const refused = await refusalOf(client.dispatch({ topic: "cut" }, { metadata }));
    expect(refused).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "PENDING_BYTES_LIMIT" });
    await client.dispatch({ topic: "cut" });
  });

  it("passes per submission, without keys that are no trace context or are too large", async () => {
    const client = connect(server.address);
    const producer = await client.producer("traces", ["traces"]);
    const stream = client.submit();
    const context = { ...trace, baggage: "b".repeat(8_193), other: "dropped" };
    const request = { topic: "traces" };
    stream.submit({ correlationId: "c1", request, context }, { correlationId: "c2", request, gather: true });
    const [first, second] = await producer.take("assignment", 2);
    expect(first?.context).toEqual(trace);
    expect(second?.context).toEqual({});
  });
});
