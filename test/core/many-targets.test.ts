/** A request with thousands of targets is scattered, and ended, in slices: other sessions get their turn between. */
import { describe, expect, it } from "vitest";
import { Dispatcher } from "../../src/core/dispatcher.js";
import type { Effect } from "../../src/core/vocabulary/effect.js";
import type { Input } from "../../src/core/vocabulary/input.js";
import {
  COMPLETE_ALL,
  type Completion,
  type SessionKey,
  type Summary,
} from "../../src/core/vocabulary/model.js";
import { submitted } from "../support/submitted.js";

const TARGETS = 3_000;
/** Assignments that may be sent, or revoked, in one step: sending one takes several units. */
const MAX_AT_ONCE = 1_000;
const TTL_MS = 1_000;
const FIRST_SUCCESS: Completion = { ...COMPLETE_ALL, until: { kind: "firstSuccess", isSet: true } };

type Of<K extends Effect["kind"]> = Extract<Effect, { readonly kind: K }>;

/** A dispatcher whose work is done only when a test asks for it. */
class Paused {
  now = 0;
  readonly steps: (readonly Effect[])[] = [];
  private readonly turns: SessionKey[] = [];
  private lastKey: SessionKey = 0;
  private readonly dispatcher = new Dispatcher("s");

  step(input: Input): readonly Effect[] {
    const effects = this.dispatcher.step(input, this.now);
    for (const effect of effects) if (effect.kind === "continue") this.turns.push(effect.to);
    this.steps.push(effects);
    return effects;
  }

  /** Does work slice by slice. */
  work(slices = Number.POSITIVE_INFINITY): void {
    for (let i = 0; i < slices; i++) {
      const session = this.turns.shift();
      if (session === undefined) return;
      this.step({ kind: "workContinued", session });
    }
  }

  /** The effects of a kind so far, in order. */
  all<K extends Effect["kind"]>(kind: K): readonly Of<K>[] {
    return this.steps.flat().filter((effect): effect is Of<K> => effect.kind === kind);
  }

  /** The highest number of effects of a kind in one step. */
  most(kind: Effect["kind"]): number {
    return Math.max(...this.steps.map((effects) => effects.filter((effect) => effect.kind === kind).length));
  }

  producers(count: number, more: { group?: string; credit?: number; dispositions?: boolean } = {}) {
    const { group = "", credit = 1, dispositions = false } = more;
    return Array.from({ length: count }, () => {
      const session = ++this.lastKey;
      this.step({
        ...{ kind: "producerOpened", session, sessionId: "", producerId: "", mintedId: `p${session}` },
        ...{ displayName: "", labels: [], reportDispositions: dispositions, peer: "", maxBacklog: 10 },
        ...{ registrations: [{ topic: "t", group }], maxOutstanding: credit },
      });
      return session;
    });
  }

  caller(): SessionKey {
    this.step({ kind: "callerOpened", session: ++this.lastKey });
    return this.lastKey;
  }

  request(caller: SessionKey, completion = COMPLETE_ALL, requestId = "") {
    return this.step(
      submitted({
        ...{ session: caller, correlationId: "c", gather: true, mintedId: `r${++this.lastKey}` },
        spec: { topic: "t", ttlMs: TTL_MS, completion, requestId },
      }),
    );
  }

  reply({ to: session, assignment }: { to: SessionKey; assignment: number }): readonly Effect[] {
    const payload = new Uint8Array(1);
    const result = {
      kind: "resultReturned" as const,
      session,
      assignment,
      assignmentText: undefined,
      payload,
    };
    return this.step({ ...result, more: false, failure: undefined });
  }

  get summary(): Summary | undefined {
    return this.all("summarize")[0]?.summary;
  }

  /** How many targets have each state in the summary. */
  get outcomes(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { state } of this.summary?.outcomes ?? []) counts[state] = (counts[state] ?? 0) + 1;
    return counts;
  }

  get counts() {
    return this.dispatcher.snapshot().counts;
  }
}

/** Many producers, each with one assignment of one request. */
function scattered() {
  const dispatcher = new Paused();
  const producers = dispatcher.producers(TARGETS);
  const caller = dispatcher.caller();
  dispatcher.request(caller);
  dispatcher.work();
  return { dispatcher, producers, caller };
}

describe("a request with 3,000 targets", () => {
  it("is accepted at once, and scattered in slices in the order of the registrations", () => {
    const dispatcher = new Paused();
    const producers = dispatcher.producers(TARGETS);
    const effects = dispatcher.request(dispatcher.caller());
    expect(effects[0]).toMatchObject({ kind: "accept" });
    dispatcher.producers(1);
    dispatcher.work();

    expect(dispatcher.most("assign")).toBeLessThanOrEqual(MAX_AT_ONCE);
    expect(dispatcher.all("assign").map(({ to }) => to)).toEqual(producers);
  });

  it.each<[string, (dispatcher: Paused, caller: SessionKey) => void, string, string]>([
    [
      "expires",
      (dispatcher) => {
        dispatcher.now = TTL_MS + 1;
        dispatcher.step({ kind: "clockAdvanced" });
      },
      "EXPIRED",
      "MISSED",
    ],
    [
      "is cancelled",
      (dispatcher) => {
        const requestId = dispatcher.all("accept")[0]?.acceptance.requestId ?? "";
        dispatcher.step({ kind: "cancelRequested", session: undefined, requestId });
      },
      "REQUESTED",
      "CANCELLED",
    ],
    [
      "loses its caller",
      (dispatcher, session) => dispatcher.step({ kind: "sessionClosed", session }),
      "CALLER_GONE",
      "CANCELLED",
    ],
  ])("is revoked in slices when it %s", (_, endIt, revocation, outcome) => {
    const { dispatcher, producers, caller } = scattered();
    endIt(dispatcher, caller);
    expect(dispatcher.counts.pendingRequests).toBe(0);
    expect(dispatcher.all("summarize")).toHaveLength(1);
    dispatcher.work();

    expect(dispatcher.most("revoke")).toBeLessThanOrEqual(MAX_AT_ONCE);
    const revocations = dispatcher.all("revoke");
    expect(revocations.map(({ to }) => to)).toEqual(producers);
    expect(new Set(revocations.map(({ reason }) => reason))).toEqual(new Set([revocation]));
    if (revocation !== "CALLER_GONE") expect(dispatcher.outcomes).toEqual({ [outcome]: TARGETS });
    expect(dispatcher.counts.outstandingAssignments).toBe(0);
  });

  it("is not complete before all are asked, although all that were asked have answered", () => {
    const dispatcher = new Paused();
    dispatcher.producers(TARGETS);
    dispatcher.request(dispatcher.caller());
    for (const assignment of dispatcher.all("assign")) dispatcher.reply(assignment);
    expect(dispatcher.summary).toBeUndefined();

    const before = dispatcher.all("assign").length;
    dispatcher.work();
    expect(dispatcher.summary).toBeUndefined();
    for (const assignment of dispatcher.all("assign").slice(before)) dispatcher.reply(assignment);
    expect(dispatcher.summary).toMatchObject({ reason: "ALL_ANSWERED", answeredCount: TARGETS });
  });

  it("asks nobody any more when its goal is met, and says that the others never got their turn", () => {
    const dispatcher = new Paused();
    dispatcher.producers(TARGETS);
    dispatcher.request(dispatcher.caller(), FIRST_SUCCESS);
    const sent = dispatcher.all("assign");
    dispatcher.reply(sent[0] ?? { to: 0, assignment: 0 });
    dispatcher.work();

    expect(dispatcher.all("assign")).toHaveLength(sent.length);
    expect(dispatcher.all("revoke")).toHaveLength(sent.length - 1);
    expect(dispatcher.summary).toMatchObject({ reason: "POLICY_MET", targetedCount: TARGETS });
    expect(dispatcher.outcomes).toEqual({
      ...{ ANSWERED: 1, CANCELLED: sent.length - 1 },
      SATURATED: TARGETS - sent.length,
    });
    expect(dispatcher.counts).toMatchObject({ outstandingAssignments: 0, waitingAssignments: 0 });
  });

  it("goes on after its goal is met if the others may run on, and ends when the last one has answered", () => {
    const dispatcher = new Paused();
    dispatcher.producers(TARGETS);
    dispatcher.request(dispatcher.caller(), { ...FIRST_SUCCESS, loserAction: "LET_RUN" });
    dispatcher.reply(dispatcher.all("assign")[0] ?? { to: 0, assignment: 0 });
    dispatcher.work();

    expect(dispatcher.all("assign")).toHaveLength(TARGETS);
    for (const assignment of dispatcher.all("assign").slice(1)) dispatcher.reply(assignment);
    expect(dispatcher.all("summarize")).toHaveLength(2);
    expect(dispatcher.counts.pendingRequests).toBe(0);
  });

  it.each<[string, Input["kind"]]>([
    ["leaves", "sessionClosed"],
    ["drains", "producerDraining"],
    ["reaches the age of its connection", "sessionAging"],
  ])("has the outcome DEPARTED for a producer that %s before it is asked", (_, kind) => {
    const dispatcher = new Paused();
    const producers = dispatcher.producers(TARGETS);
    dispatcher.request(dispatcher.caller());
    const [gone = 0] = producers.slice(-1);
    dispatcher.step({ kind, session: gone, graceMs: 0 } as Input);
    dispatcher.work();

    expect(dispatcher.all("assign").map(({ to }) => to)).toEqual(producers.slice(0, -1));
    for (const assignment of dispatcher.all("assign")) dispatcher.reply(assignment);
    expect(dispatcher.summary?.reason).toBe("ALL_ANSWERED");
    expect(dispatcher.outcomes).toEqual({ ANSWERED: TARGETS - 1, DEPARTED: 1 });
  });

  it("asks the next member of a group whose chosen member leaves before it is asked", () => {
    const dispatcher = new Paused();
    dispatcher.producers(TARGETS);
    const [first = 0, second = 0] = dispatcher.producers(2, { group: "g" });
    dispatcher.request(dispatcher.caller());
    dispatcher.step({ kind: "sessionClosed", session: first });
    dispatcher.work();

    expect(dispatcher.all("assign").at(-1)).toMatchObject({ to: second, attempt: 2 });
  });

  it("is not sent after its TTL", () => {
    const dispatcher = new Paused();
    dispatcher.producers(TARGETS);
    dispatcher.request(dispatcher.caller());
    const sent = dispatcher.all("assign").length;
    dispatcher.now = TTL_MS + 1;
    dispatcher.work();

    expect(dispatcher.all("assign")).toHaveLength(sent);
    expect(dispatcher.outcomes).toEqual({ MISSED: sent, SATURATED: TARGETS - sent });
  });

  it("has ended for a producer that replies before its assignment is revoked", () => {
    const dispatcher = new Paused();
    const producers = dispatcher.producers(TARGETS, { dispositions: true });
    dispatcher.request(dispatcher.caller());
    dispatcher.work();
    dispatcher.now = TTL_MS + 1;
    dispatcher.step({ kind: "clockAdvanced" });
    const [last] = dispatcher.all("assign").slice(-1);
    const effects = dispatcher.reply(last ?? { to: 0, assignment: 0 });

    expect(effects.filter(({ kind }) => kind === "dispose")).toMatchObject([{ state: "LATE" }]);
    expect(effects.filter(({ kind }) => kind === "deliver")).toEqual([]);
    dispatcher.work();
    expect(dispatcher.all("revoke")).toHaveLength(producers.length);
    expect(dispatcher.counts.outstandingAssignments).toBe(0);
  });

  it("frees the credit of a producer for what waits there, before anything newer", () => {
    const { dispatcher, caller } = scattered();
    dispatcher.request(caller);
    dispatcher.work();
    dispatcher.now = TTL_MS / 2;
    const requestId = dispatcher.all("accept")[0]?.acceptance.requestId ?? "";
    const [, waiting] = dispatcher.all("accept");
    dispatcher.step({ kind: "cancelRequested", session: undefined, requestId });
    dispatcher.request(caller);
    dispatcher.work();

    const sent = dispatcher.all("assign").slice(TARGETS);
    expect(sent).toHaveLength(TARGETS);
    expect(new Set(sent.map((assignment) => assignment.requestId))).toEqual(
      new Set([waiting?.acceptance.requestId]),
    );
  });

  it("ends before the streams do when the grace of a drain is over", () => {
    const { dispatcher } = scattered();
    dispatcher.step({ kind: "drainStarted", graceMs: 0 });
    dispatcher.work();
    dispatcher.step({ kind: "drainExpired" });
    dispatcher.work();

    const kinds = dispatcher.steps.flat().map(({ kind }) => kind);
    expect(kinds.lastIndexOf("revoke")).toBeLessThan(kinds.indexOf("close"));
    expect(dispatcher.all("revoke")).toHaveLength(TARGETS);
  });
});
