/**
 * Tests every invariant: each mutation of a good history must break exactly the promise that it names.
 */
import { describe, expect, it } from "vitest";
import { goodHistory } from "./good-history.js";
import type { DeliveryFacts, EventOf, HistoryEvent, Kind } from "./history.js";
import { INVARIANTS, violationsOf } from "./invariants/index.js";

/** Which promises a history breaks. */
function broken(events: readonly HistoryEvent[]): readonly string[] {
  return [...new Set(violationsOf(events).map(({ name }) => name))].sort();
}

type Mutation = (events: HistoryEvent[]) => void;

/** The index of the first event of a kind with these fields. */
function find<K extends Kind>(
  events: readonly HistoryEvent[],
  kind: K,
  fits: Partial<EventOf<K>> = {},
): number {
  const entries = Object.entries(fits);
  const at = events.findIndex(
    (event) =>
      event.kind === kind &&
      entries.every(([key, value]) => (event as unknown as Record<string, unknown>)[key] === value),
  );
  if (at < 0) throw new Error(`there is no ${kind} with ${JSON.stringify(fits)}`);
  return at;
}

/** Changes fields of the matching events. */
function change<K extends Kind>(kind: K, fits: Partial<EventOf<K>>, to: Partial<EventOf<K>>): Mutation {
  return (events) => {
    find(events, kind, fits);
    for (const [at, event] of events.entries()) {
      const entries = Object.entries(fits);
      const isMeant =
        event.kind === kind &&
        entries.every(([key, value]) => (event as unknown as Record<string, unknown>)[key] === value);
      if (isMeant) events[at] = { ...event, ...to } as HistoryEvent;
    }
  };
}

function remove<K extends Kind>(kind: K, fits: Partial<EventOf<K>>): Mutation {
  return (events) => void events.splice(find(events, kind, fits), 1);
}

/** Inserts a copy after the matching event. */
function repeat<K extends Kind>(kind: K, fits: Partial<EventOf<K>>, but: Partial<EventOf<K>> = {}): Mutation {
  return (events) => {
    const at = find(events, kind, fits);
    events.splice(at + 1, 0, { ...events[at], ...but } as HistoryEvent);
  };
}

/** Swaps two events of one stream in time. */
function swap(first: Partial<EventOf<"delivered">>, second: Partial<EventOf<"delivered">>): Mutation {
  return (events) => {
    const [a, b] = [find(events, "delivered", first), find(events, "delivered", second)];
    const [one, other] = [events[a], events[b]] as [HistoryEvent, HistoryEvent];
    events[a] = { ...other, at: one.at };
    events[b] = { ...one, at: other.at };
  };
}

/** Swaps the sequences of two results of one stream. */
function exchange(stream: string, first: number, second: number): Mutation {
  return (events) => {
    const a = find(events, "delivered", { stream, sequence: first });
    const b = find(events, "delivered", { stream, sequence: second });
    const [one, other] = [events[a], events[b]] as [EventOf<"delivered">, EventOf<"delivered">];
    events[a] = { ...other, at: one.at, sequence: first };
    events[b] = { ...one, at: other.at, sequence: second };
  };
}

/** Moves an event in time, to directly after another one. */
function moveBehind<K extends Kind, L extends Kind>(
  kind: K,
  fits: Partial<EventOf<K>>,
  other: L,
  otherFits: Partial<EventOf<L>>,
): Mutation {
  return (events) => {
    const [moved] = events.splice(find(events, kind, fits), 1) as [HistoryEvent];
    const at = find(events, other, otherFits);
    events.splice(at + 1, 0, { ...moved, at: (events[at]?.at ?? 0) + 0.5 });
  };
}

const outcomesOf = (events: readonly HistoryEvent[]) =>
  (events[find(events, "callerTold")] as EventOf<"callerTold">).outcomes;

const MUTATIONS: readonly (readonly [promise: string, how: string, mutate: Mutation])[] = [
  [
    "ordered",
    "two results change places",
    swap({ stream: "l2#2", sequence: 6 }, { stream: "l2#2", sequence: 7 }),
  ],
  ["same order", "one listener has two results the other way round", exchange("l2#2", 7, 8)],
  ["unique", "a result comes twice", repeat("delivered", { stream: "l1#1", sequence: 3 })],
  ["reliable", "a result is lost", remove("delivered", { stream: "l1#1", sequence: 4 })],
  ["reliable", "the last result is lost", remove("delivered", { stream: "l2#2", sequence: 25 })],
  ["reliable", "nobody tells of what was dropped", remove("gap", {})],
  ["reliable", "a gap counts nothing", change("gap", {}, { lostCount: 0 })],
  ["reliable", "a gap has no cause", change("gap", {}, { reason: "RETENTION" })],
  [
    "reliable",
    "a gap comes too late",
    moveBehind("gap", {}, "delivered", { stream: "slow#1", sequence: 11 }),
  ],
  ["reliable", "what is replayed begins too late", remove("delivered", { stream: "l2#2", sequence: 5 })],
  [
    "resumable",
    "a stream goes on elsewhere than where it was asked to",
    (events) => {
      remove("delivered", { stream: "l2#2", sequence: 5 })(events);
      change("ready", { stream: "l2#2" }, { cursors: [{ topic: "a", epoch: "s1.1", sequence: 5 }] })(events);
    },
  ],
  [
    "resumable",
    "another epoch goes on without a word",
    (events) => {
      const resumeFrom = [{ topic: "a", epoch: "s0.1", sequence: 4 }];
      change("listenerOpened", { stream: "l2#2" }, { resumeFrom })(events);
    },
  ],
  [
    "resumable",
    "another epoch is not heard from its beginning",
    (events) => {
      const resumeFrom = [{ topic: "a", epoch: "s0.1", sequence: 4 }];
      change("listenerOpened", { stream: "l2#2" }, { resumeFrom })(events);
      tellOfRestart(events);
    },
  ],
  ["bookmarkable", "a result comes after a cursor that had passed it", tellTooEarly],
  ["authentic", "a result is forged", both({ sequence: 9 }, { digest: "forged" })],
  ["authentic", "a result is another's", both({ sequence: 9 }, { producerId: "p2" })],
  ["authentic", "a request is forged", change("assigned", { requestId: "q2" }, { digest: "forged" })],
  ["in time", "a late result is delivered", change("delivered", { sequence: 10 }, { latencyMs: 101.5 })],
  ["in time", "a request ends too early", (events) => hasten(events)],
  ["in time", "a request ends too late", (events) => delayEnd(events)],
  ["at most once", "a producer is asked twice", (events) => askTwice(events)],
  ["complete", "a producer is left out", (events) => leaveOut(events)],
  ["complete", "a stranger is asked", change("producerOpened", { producerId: "p2" }, { registrations: [] })],
  ["one end", "a requester is told twice", repeat("callerTold", { requestId: "q4" })],
  ["one end", "a requester is never told", remove("callerTold", { requestId: "q4" })],
  ["one end", "a listener is told twice", repeat("listenerTold", { requestId: "q4" })],
  ["one end", "a summary has miscounted", change("callerTold", { requestId: "q4" }, { missingCount: 1 })],
  [
    "one end",
    "two are told different ends",
    change("listenerTold", { requestId: "q4", stream: "l1#1" }, { elapsedMs: 7 }),
  ],
  ["true outcomes", "a reply has two dispositions", (events) => twoDispositions(events)],
  ["true outcomes", "a reply has none", (events) => noDisposition(events)],
  ["true outcomes", "nobody had cancelled", (events) => cancelAll(events)],
  [
    "summary last",
    "a result comes behind the end of its request",
    moveBehind("delivered", { stream: "l1#1", sequence: 26 - 1 }, "listenerTold", {
      stream: "l1#1",
      requestId: "q13",
    }),
  ],
  [
    "summary last",
    "a listener is never told the end",
    remove("listenerTold", { stream: "l1#1", requestId: "q6" }),
  ],
  ["of interest", "a stream is on another topic", (events) => otherTopic(events)],
  ["at rest", "a request is still pending", change("quiet", {}, { pending: 1 })],
  ["at rest", "somebody is still there", change("empty", {}, { listeners: 1 })],
  ["at rest", "the server complains", change("serverExited", {}, { complaints: ["{}"] })],
  ["counters", "a reply is not counted", (events) => miscount(events, "results", -1)],
  ["counters", "a request is counted twice", (events) => miscount(events, "acceptedRequests", 1)],
  ["counters", "a loss is not counted", (events) => miscount(events, "droppedDeliveries", -1)],
];

/** A server was killed at the beginning, and the listener that resumes is told that its epoch has changed. */
function tellOfRestart(events: HistoryEvent[]): void {
  const at = find(events, "ready", { stream: "l2#2" });
  const numbers = { from: 0, to: 0, lostCount: 0 };
  const gap = { kind: "gap", stream: "l2#2", topic: "a", reason: "EPOCH_CHANGED", ...numbers } as const;
  events.splice(at + 1, 0, { at: (events[at]?.at ?? 0) + 0.5, ...gap });
  events.unshift({ at: 1, kind: "serverKilled", serverId: "s0" });
}

function tellTooEarly(events: HistoryEvent[]): void {
  const at = find(events, "delivered", { stream: "l1#1", sequence: 7 });
  const before = events[at] as HistoryEvent;
  const cursors = [{ topic: "a", epoch: "s1.1", sequence: 7 }];
  // The cursor is ahead by one, so a delivery at the cursor follows it.
  events.splice(at, 0, { at: before.at - 0.5, kind: "heartbeat", stream: "l1#1", cursors });
}

/** Changes a result for all its recipients. */
function both(fits: Partial<DeliveryFacts>, to: Partial<DeliveryFacts>): Mutation {
  return (events) => {
    change("delivered", fits, to)(events);
    change("gathered", fits, to)(events);
  };
}

function hasten(events: HistoryEvent[]): void {
  for (const kind of ["callerTold", "listenerTold"] as const) {
    change(kind, { requestId: "q13" }, { elapsedMs: 50 })(events);
  }
}

function askTwice(events: HistoryEvent[]): void {
  repeat("assigned", { requestId: "q2" }, { assignmentId: "x" })(events);
  miscount(events, "assignments", 1);
}

function delayEnd(events: HistoryEvent[]): void {
  const at = find(events, "callerTold", { requestId: "q12" });
  const told = events[at] as EventOf<"callerTold">;
  events[at] = { ...told, at: told.at + 10_000 };
}

function leaveOut(events: HistoryEvent[]): void {
  const requestId = "q13";
  const targets = [{ producerId: "p1", group: "" }];
  change("accepted", { requestId }, { targets })(events);
  remove("assigned", { requestId, session: "p2#1" })(events);
  remove("replied", { requestId, session: "p2#1" })(events);
  remove("disposed", { assignmentId: `${requestId}-p2` })(events);
  const outcomes = outcomesOf(events).slice(0, 1);
  const fewer = { targetedCount: 1, missingCount: 0, reason: "ALL_ANSWERED" as const, outcomes };
  change("callerTold", { requestId }, fewer)(events);
  change("listenerTold", { requestId }, fewer)(events);
  miscount(events, "assignments", -1);
  miscount(events, "lateResults", -1);
}

function twoDispositions(events: HistoryEvent[]): void {
  repeat("disposed", { assignmentId: "q2-p1" }, { state: "DUPLICATE" })(events);
  miscount(events, "duplicateResults", 1);
}

function noDisposition(events: HistoryEvent[]): void {
  remove("disposed", { assignmentId: "q13-p2" })(events);
}

function cancelAll(events: HistoryEvent[]): void {
  for (const kind of ["callerTold", "listenerTold"] as const) {
    change(kind, { requestId: "q6" }, { reason: "CANCELLED" })(events);
  }
}

function otherTopic(events: HistoryEvent[]): void {
  change("listenerOpened", { stream: "l1#1" }, { topics: ["b"] })(events);
}

function miscount(events: HistoryEvent[], name: string, by: number): void {
  const at = find(events, "quiet");
  const quiet = events[at] as EventOf<"quiet">;
  events[at] = { ...quiet, totals: { ...quiet.totals, [name]: (quiet.totals[name] ?? 0) + by } };
}

describe("a history", () => {
  it("that is good has no violations", () => {
    expect(violationsOf(goodHistory())).toEqual([]);
  });

  it.each(MUTATIONS)("breaks '%s' alone when %s", (promise, _how, mutate) => {
    const events = goodHistory();
    mutate(events);

    expect(broken(events)).toEqual([promise]);
  });

  it("has a mutation for each promise", () => {
    const mutated = new Set(MUTATIONS.map(([promise]) => promise));

    expect(INVARIANTS.map(({ name }) => name).filter((name) => !mutated.has(name))).toEqual([]);
  });
});
