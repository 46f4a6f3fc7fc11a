import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Dispatcher } from "../../src/core/dispatcher.js";
import type { Effect } from "../../src/core/vocabulary/effect.js";
import type { Input } from "../../src/core/vocabulary/input.js";
import { DEFAULT_LIMITS, type Limits } from "../../src/core/vocabulary/limits.js";
import {
  COMPLETE_ALL,
  NO_CONTEXT,
  type RequestSpec,
  type SessionKey,
} from "../../src/core/vocabulary/model.js";
import { collectGarbage } from "../support/collect-garbage.js";
import { stepToEnd } from "../support/step-to-end.js";
import { checkNothingLeft } from "./nothing-left.js";

const MANY = 10_000;
/** No id, delivery or topic is kept for longer. Twice the longest, since the end of one period may start another. */
const MAX_RETENTION_MS = 2 * Math.max(DEFAULT_LIMITS.idempotencyMs, DEFAULT_LIMITS.retainedMs);

/** A dispatcher that is woken at its deadlines, as by a timer. */
class ClockedDispatcher {
  now = 0;
  lastKey: SessionKey = 0;
  private readonly dispatcher: Dispatcher;
  /** Sessions with unfinished work. */
  private readonly turns: SessionKey[] = [];

  constructor(limits: Partial<Limits> = {}) {
    this.dispatcher = new Dispatcher("s", limits);
  }

  step(input: Input): ReturnType<Dispatcher["step"]> {
    return stepToEnd(this.dispatcher, input, this.now);
  }

  /** Applies an input, and leaves the rest of its work for {@link continueAll}. */
  firstSlice(input: Input): readonly Effect[] {
    const effects = this.dispatcher.step(input, this.now);
    for (const effect of effects) if (effect.kind === "continue") this.turns.push(effect.to);
    return effects;
  }

  /** Does all unfinished work. */
  continueAll(): void {
    for (const session of this.turns.splice(0)) this.step({ kind: "workContinued", session });
  }

  /** Answers an assignment with an empty result. */
  answer(session: SessionKey, assignment: number): readonly Effect[] {
    const failure = undefined;
    const assignmentText = undefined;
    const payload = new Uint8Array(0);
    return this.step({
      kind: "resultReturned",
      ...{ session, assignment, assignmentText, more: false, failure, payload },
    });
  }

  openProducer(topic: string, id = "", registrations = [{ topic, group: "" }]): SessionKey {
    const session = ++this.lastKey;
    this.firstSlice({
      kind: "producerOpened",
      session,
      sessionId: "",
      producerId: id,
      mintedId: `p${session}`,
      displayName: "",
      labels: [],
      registrations,
      maxOutstanding: DEFAULT_LIMITS.maxOutstanding,
      maxBacklog: 1,
      reportDispositions: false,
      peer: "",
    });
    return session;
  }

  openListener(
    topic: string,
    id = "",
    cursorsFollow = false,
    topics: readonly string[] = [topic],
  ): SessionKey {
    const session = ++this.lastKey;
    this.firstSlice({
      kind: "listenerOpened",
      session,
      sessionId: "",
      listenerId: id,
      mintedId: `l${session}`,
      topics,
      resumeFrom: [],
      includeLate: true,
      includeSummaries: true,
      overflowAction: "DROP_OLDEST",
      bufferBytes: 0,
      group: "",
      cursorsFollow,
      peer: "",
    });
    return session;
  }

  openCaller(): SessionKey {
    const session = ++this.lastKey;
    this.step({ kind: "callerOpened", session });
    return session;
  }

  request(spec: Partial<RequestSpec>, caller?: SessionKey): ReturnType<Dispatcher["step"]> {
    const key = ++this.lastKey;
    return this.step({
      kind: "requestSubmitted",
      session: caller ?? key,
      correlationId: caller === undefined ? undefined : "c",
      spec: {
        topic: "t",
        ttlMs: undefined,
        requestId: "",
        completion: COMPLETE_ALL,
        selector: undefined,
        noProducersAction: "COMPLETE",
        payload: new Uint8Array(100),
        ...spec,
      },
      digest: "",
      mintedId: `r${key}`,
      gather: caller !== undefined,
      excludeListeners: false,
      validateOnly: false,
      callDeadlineAt: undefined,
      context: NO_CONTEXT,
    });
  }

  close(session: SessionKey): void {
    this.firstSlice({ kind: "sessionClosed", session });
  }

  advance(ms: number): void {
    this.continueAll();
    const end = this.now + ms;
    for (let due = this.dispatcher.nextDeadline(); due < end; due = this.dispatcher.nextDeadline()) {
      this.now = Math.max(this.now, Math.floor(due) + 1);
      this.step({ kind: "clockAdvanced" });
    }
    this.now = Math.max(this.now, end);
  }

  /** The counts that are not zero. */
  held(): Readonly<Record<string, number>> {
    const { counts } = this.dispatcher.snapshot();
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  }

  /** What the ledger has for peers. */
  get ledger(): Readonly<Record<string, number>> {
    const { peers, peerBytes } = this.dispatcher.snapshot().held;
    return { peers, peerBytes };
  }

  /** Throws if anything is left in any table. */
  checkNothingLeft(): void {
    checkNothingLeft(this.dispatcher);
  }
}

function expectEmpty(dispatcher: ClockedDispatcher): void {
  dispatcher.continueAll();
  expect(dispatcher.held()).toEqual({});
  expect(dispatcher.ledger).toEqual({ peers: 0, peerBytes: 0 });
  dispatcher.checkNothingLeft();
}

describe("no state is left", () => {
  it("by many requests without a producer, at once", () => {
    const dispatcher = new ClockedDispatcher();

    for (let i = 0; i < MANY; i++) dispatcher.request({ topic: `t${i % 100}` });

    expectEmpty(dispatcher);
  });

  it("by many gathers without a producer, after their caller has left", () => {
    const dispatcher = new ClockedDispatcher();
    const caller = dispatcher.openCaller();
    for (let i = 0; i < MANY; i++) dispatcher.request({ topic: `t${i}` }, caller);
    expect(dispatcher.held()).toEqual({ callers: 1, deadlines: 1 });

    dispatcher.close(caller);

    expectEmpty(dispatcher);
  });

  it("by many requests that were held for a producer, after their TTL", () => {
    const dispatcher = new ClockedDispatcher();
    for (let i = 0; i < MANY; i++) dispatcher.request({ topic: `t${i}`, noProducersAction: "WAIT" });
    expect(dispatcher.held()).toMatchObject({ topics: MANY, pendingRequests: MANY, deadlines: MANY });

    dispatcher.advance(DEFAULT_LIMITS.defaultTtlMs + 2);

    expectEmpty(dispatcher);
  });

  it("by many requests with a caller's ids, after the idempotency window", () => {
    const dispatcher = new ClockedDispatcher();
    for (let i = 0; i < MANY; i++) dispatcher.request({ requestId: `k${i}` });
    expect(dispatcher.held()).toEqual({ rememberedRequestIds: MANY, deadlines: 1 });

    dispatcher.advance(MAX_RETENTION_MS);

    expectEmpty(dispatcher);
  });

  it("by requests whose ids are forgotten before their end, since others took their places", () => {
    const dispatcher = new ClockedDispatcher({ rememberedRequestIds: 10 });
    const producer = dispatcher.openProducer("t");
    for (let i = 0; i < 40; i++) dispatcher.request({ requestId: `k${i}`, ttlMs: 1_000 });

    dispatcher.close(producer);
    dispatcher.advance(MAX_RETENTION_MS);

    expectEmpty(dispatcher);
  });

  it("by many requests to a silent producer, after their TTL and the end of the sessions", () => {
    const dispatcher = new ClockedDispatcher();
    const sessions = [dispatcher.openProducer("t"), dispatcher.openListener("t"), dispatcher.openCaller()];
    const caller = sessions[2] as SessionKey;
    for (let i = 0; i < MANY; i++) dispatcher.request({ ttlMs: 1 + (i % 5_000) }, caller);
    expect(dispatcher.held()).toMatchObject({
      pendingRequests: MANY,
      pendingBytes: 100 * MANY,
      outstandingAssignments: MANY,
    });

    dispatcher.advance(5_002);
    expect(dispatcher.held()).toEqual({
      topics: 1,
      registrations: 2,
      producers: 1,
      listeners: 1,
      callers: 1,
      deadlines: 3,
    });

    for (const session of sessions) dispatcher.close(session);
    dispatcher.advance(MAX_RETENTION_MS);
    expectEmpty(dispatcher);
  });

  it("by requests to a silent producer, as soon as it departs", () => {
    const dispatcher = new ClockedDispatcher();
    const producer = dispatcher.openProducer("t");
    for (let i = 0; i < MANY; i++) dispatcher.request({});

    dispatcher.close(producer);

    expectEmpty(dispatcher);
  });

  it("by producers that were asked and have departed: no session is kept for the routes of the next topic", () => {
    const dispatcher = new ClockedDispatcher();
    const sessions = Array.from({ length: 100 }, () => dispatcher.openProducer("t"));
    dispatcher.request({});

    for (const session of sessions) dispatcher.close(session);
    dispatcher.advance(MAX_RETENTION_MS);

    expectEmpty(dispatcher);
  });

  it("by many cancelled requests", () => {
    const dispatcher = new ClockedDispatcher();
    const producer = dispatcher.openProducer("t");
    for (let i = 0; i < MANY; i++) {
      dispatcher.request({});
      dispatcher.step({ kind: "cancelRequested", session: undefined, requestId: `r${dispatcher.lastKey}` });
    }

    dispatcher.close(producer);

    expectEmpty(dispatcher);
  });

  it("by many topics with results, after the retention time", () => {
    const dispatcher = new ClockedDispatcher();
    const producer = dispatcher.openProducer(">");
    for (let i = 0; i < MANY; i++) {
      const assign = dispatcher.request({ topic: `t${i}` }).find((effect) => effect.kind === "assign");
      dispatcher.step({
        kind: "resultReturned",
        session: producer,
        assignment: assign?.assignment ?? 0,
        assignmentText: "",
        more: false,
        failure: undefined,
        payload: new Uint8Array(10),
      });
    }
    expect(dispatcher.held()).toMatchObject({ topics: MANY, retainedDeliveries: MANY });

    dispatcher.close(producer);
    dispatcher.advance(MAX_RETENTION_MS);

    expectEmpty(dispatcher);
  });

  it("by many sessions that were closed or replaced", () => {
    const dispatcher = new ClockedDispatcher();
    for (let i = 0; i < MANY / 10; i++) {
      dispatcher.close(dispatcher.openProducer(`t.${i}.*`));
      dispatcher.close(dispatcher.openListener(`t.${i}`));
      dispatcher.openProducer(`u.${i}`, "p");
      dispatcher.openListener(`u.${i}.>`, "l");
    }
    dispatcher.advance(MAX_RETENTION_MS);
    expect(dispatcher.held()).toEqual({
      topics: 1,
      registrations: 2,
      producers: 1,
      listeners: 1,
      deadlines: 2,
    });

    dispatcher.close(dispatcher.openProducer("t", "p"));
    dispatcher.close(dispatcher.openListener("t", "l"));
    dispatcher.advance(MAX_RETENTION_MS);

    expectEmpty(dispatcher);
  });

  it("by many listeners that open in parts and are closed, replaced, refused or completed on the way", () => {
    const dispatcher = new ClockedDispatcher();
    const part = { kind: "topicsUpdated" as const, remove: [], cursorsFollow: true };
    for (let i = 0; i < MANY / 10; i++) {
      const session = dispatcher.openListener(`t.${i}`, "", true);
      dispatcher.step({ ...part, session, add: [`u.${i}`] });
      dispatcher.close(session);
      dispatcher.step({ ...part, session, add: [`v.${i}`], cursorsFollow: false });
      dispatcher.step({ ...part, session: dispatcher.openListener("t", "", true), add: ["a..b"] });
      dispatcher.openListener(`w.${i}`, "l", true);
    }
    expect(dispatcher.held()).toEqual({ listeners: 1 });

    const last = dispatcher.openListener("t", "l", true);
    dispatcher.step({ ...part, session: last, add: [], cursorsFollow: false });
    expect(dispatcher.held()).toMatchObject({ listeners: 1, registrations: 1 });
    dispatcher.close(last);
    dispatcher.advance(MAX_RETENTION_MS);

    expectEmpty(dispatcher);
  });
});

/** Their work takes several slices; here, none of them comes before the next input. */
describe("no state is left by long work that is interrupted", () => {
  const names = Array.from({ length: MANY }, (_, i) => `t.${i}`);
  const registrations = names.map((topic) => ({ topic, group: "" }));

  it("of sessions that end, or are replaced, before they are live", () => {
    const dispatcher = new ClockedDispatcher();
    const sessions = [
      dispatcher.openProducer("t", "p", registrations),
      dispatcher.openListener("t", "l", false, names),
      dispatcher.openProducer("t", "p", registrations),
      dispatcher.openListener("t", "l", false, names),
    ];
    expect(dispatcher.held()).toMatchObject({ producers: 1, listeners: 1 });

    for (const session of sessions.slice(2)) dispatcher.close(session);
    dispatcher.advance(MAX_RETENTION_MS);

    expectEmpty(dispatcher);
  });

  it("of a producer that ends while it registers, deregisters, drains or ages", () => {
    for (const kind of [
      "topicsRegistered",
      "topicsDeregistered",
      "producerDraining",
      "sessionAging",
    ] as const) {
      const dispatcher = new ClockedDispatcher();
      const session = dispatcher.openProducer("t", "", registrations.slice(MANY / 2));
      dispatcher.continueAll();
      for (let i = 0; i < MANY; i++) dispatcher.request({ topic: names[MANY - 1] ?? "" });
      const rest = { registrations, topics: names, correlationId: "", graceMs: 0 };
      dispatcher.firstSlice({ kind, session, ...rest } as Input);
      dispatcher.close(session);
      dispatcher.advance(MAX_RETENTION_MS);

      expectEmpty(dispatcher);
    }
  });

  it("of a listener that ends while calls change its topics, which are then answered", () => {
    const dispatcher = new ClockedDispatcher();
    const listener = dispatcher.openListener("t", "l");
    const answers: string[] = [];
    for (const [add, remove] of [
      [names, ["t"]],
      [["t"], names],
    ] as const) {
      const session = ++dispatcher.lastKey;
      dispatcher.firstSlice({ kind: "listenerUpdated", session, listenerId: "l", add, remove });
    }
    for (const effect of dispatcher.firstSlice({ kind: "sessionClosed", session: listener })) {
      if (effect.kind === "reject") answers.push(effect.refusal.reason);
    }
    expect(answers).toEqual(["LISTENER_NOT_FOUND", "LISTENER_NOT_FOUND"]);

    dispatcher.advance(MAX_RETENTION_MS);
    expectEmpty(dispatcher);
  });
});

describe("the state stays within its limits", () => {
  it("for any number of request ids", () => {
    const dispatcher = new ClockedDispatcher({ rememberedRequestIds: 100, peerShare: 0 });
    for (let i = 0; i < MANY; i++) dispatcher.request({ requestId: `k${i}` });

    expect(dispatcher.held()).toEqual({ rememberedRequestIds: 100, deadlines: 1 });
  });

  it("for one request of a large message, which waits: only its own bytes are kept", () => {
    const dispatcher = new ClockedDispatcher();
    const producer = dispatcher.openProducer("t");
    dispatcher.step({ kind: "creditUpdated", session: producer, maxOutstanding: 1 });
    const [first] = dispatcher.request({}).filter((effect) => effect.kind === "assign");
    const message = Buffer.alloc(1_000_000, 7);
    dispatcher.request({ payload: message.subarray(500, 600) });

    const effects = dispatcher.answer(producer, first?.assignment ?? 0);

    const second = effects.find((effect) => effect.kind === "assign");
    expect(second?.payload).toEqual(new Uint8Array(100).fill(7));
    expect(second?.payload.buffer.byteLength).toBe(100);
    expect(dispatcher.held()).toMatchObject({ pendingBytes: 100 });
  });

  it("for one request of a large message, which all its producers have been sent: nothing of it is kept", async () => {
    const dispatcher = new ClockedDispatcher();
    dispatcher.openProducer("t");
    const request = (): WeakRef<ArrayBufferLike> => {
      const message = Buffer.alloc(1_000_000, 7);
      dispatcher.request({ payload: message.subarray(500, 600) });
      return new WeakRef(message.buffer);
    };
    const kept = request();
    await nextTurn();
    collectGarbage();

    expect(kept.deref()).toBeUndefined();
    expect(dispatcher.held()).toMatchObject({ pendingBytes: 100 });
  });

  it("for any number of retained results", () => {
    const dispatcher = new ClockedDispatcher({ retainedBytes: 100_000 });
    const producer = dispatcher.openProducer("t");
    const assign = dispatcher.request({ ttlMs: 60_000 }).find((effect) => effect.kind === "assign");
    for (let i = 0; i < MANY; i++) {
      dispatcher.step({
        kind: "resultReturned",
        session: producer,
        assignment: assign?.assignment ?? 0,
        assignmentText: "",
        more: true,
        failure: undefined,
        payload: new Uint8Array(100),
      });
    }

    expect(dispatcher.held()["retainedBytes"]).toBeLessThanOrEqual(100_000);
  });

  it("for any number of topics", () => {
    const dispatcher = new ClockedDispatcher({ maxTopics: 50, peerShare: 0 });
    const producer = dispatcher.openProducer(">");
    const rejected = Array.from({ length: 100 }, (_, i) => dispatcher.request({ topic: `t${i}` })).flatMap(
      (effects) => effects.filter((effect) => effect.kind === "reject"),
    );

    expect(rejected).toHaveLength(50);
    expect(dispatcher.held()["topics"]).toBe(50);
    dispatcher.close(producer);
    expectEmpty(dispatcher);
  });
});
