import { describe, expect, it } from "vitest";
import { Dispatcher } from "../../src/core/dispatcher.js";
import type { Input } from "../../src/core/vocabulary/input.js";
import { DEFAULT_LIMITS, type Limits } from "../../src/core/vocabulary/limits.js";
import {
  COMPLETE_ALL,
  NO_CONTEXT,
  type RequestSpec,
  type SessionKey,
} from "../../src/core/vocabulary/model.js";

const MANY = 10_000;
/** Nothing is kept for longer: neither ids nor deliveries nor topics; twice, since the end of one may begin another. */
const LONGEST_WINDOW_MS = 2 * Math.max(DEFAULT_LIMITS.idempotencyMs, DEFAULT_LIMITS.retainedMs);

/** A dispatcher that is woken as a timer would wake it. */
class Driven {
  now = 0;
  lastKey: SessionKey = 0;
  private readonly dispatcher: Dispatcher;

  constructor(limits: Partial<Limits> = {}) {
    this.dispatcher = new Dispatcher("s", limits);
  }

  step(input: Input): ReturnType<Dispatcher["step"]> {
    return this.dispatcher.step(input, this.now);
  }

  openProducer(topic: string, id = ""): SessionKey {
    const session = ++this.lastKey;
    this.step({
      kind: "producerOpened",
      session,
      sessionId: "",
      producerId: id,
      mintedId: `p${session}`,
      displayName: "",
      labels: [],
      registrations: [{ topic, group: "" }],
      maxOutstanding: DEFAULT_LIMITS.maxOutstanding,
      maxBacklog: 1,
      reportDispositions: false,
      peer: "",
    });
    return session;
  }

  openListener(topic: string, id = ""): SessionKey {
    const session = ++this.lastKey;
    this.step({
      kind: "listenerOpened",
      session,
      sessionId: "",
      listenerId: id,
      mintedId: `l${session}`,
      topics: [topic],
      resumeFrom: [],
      includeLate: true,
      includeSummaries: true,
      overflowAction: "DROP_OLDEST",
      bufferBytes: 0,
      group: "",
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
    this.step({ kind: "sessionClosed", session });
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (let due = this.dispatcher.nextDeadline(); due < end; due = this.dispatcher.nextDeadline()) {
      this.now = Math.max(this.now, Math.floor(due) + 1);
      this.step({ kind: "clockAdvanced" });
    }
    this.now = Math.max(this.now, end);
  }

  /** What is held that is not zero. */
  held(): Readonly<Record<string, number>> {
    const { counts } = this.dispatcher.snapshot();
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  }

  get nextDeadline(): number {
    return this.dispatcher.nextDeadline();
  }
}

function expectNothing(driven: Driven): void {
  expect(driven.held()).toEqual({});
  expect(driven.nextDeadline).toBe(Number.POSITIVE_INFINITY);
}

describe("nothing is left", () => {
  it("at once, of many requests that found no producer", () => {
    const driven = new Driven();

    for (let i = 0; i < MANY; i++) driven.request({ topic: `t${i % 100}` });

    expectNothing(driven);
  });

  it("of many gathers that found no producer, once their caller has gone", () => {
    const driven = new Driven();
    const caller = driven.openCaller();
    for (let i = 0; i < MANY; i++) driven.request({ topic: `t${i}` }, caller);
    expect(driven.held()).toEqual({ callers: 1, deadlines: 1 });

    driven.close(caller);

    expectNothing(driven);
  });

  it("of many requests that were held for a producer, after their TTL", () => {
    const driven = new Driven();
    for (let i = 0; i < MANY; i++) driven.request({ topic: `t${i}`, noProducersAction: "WAIT" });
    expect(driven.held()).toMatchObject({ topics: MANY, pendingRequests: MANY, deadlines: MANY });

    driven.advance(DEFAULT_LIMITS.defaultTtlMs + 2);

    expectNothing(driven);
  });

  it("of many requests with ids of their own, after the time for which ids are remembered", () => {
    const driven = new Driven();
    for (let i = 0; i < MANY; i++) driven.request({ requestId: `k${i}` });
    expect(driven.held()).toEqual({ rememberedRequestIds: MANY, deadlines: 1 });

    driven.advance(LONGEST_WINDOW_MS);

    expectNothing(driven);
  });

  it("of many requests to a mute producer, once their TTL has passed and the sessions are closed", () => {
    const driven = new Driven();
    const sessions = [driven.openProducer("t"), driven.openListener("t"), driven.openCaller()];
    const caller = sessions[2] as SessionKey;
    for (let i = 0; i < MANY; i++) driven.request({ ttlMs: 1 + (i % 5_000) }, caller);
    expect(driven.held()).toMatchObject({
      pendingRequests: MANY,
      pendingBytes: 100 * MANY,
      outstandingAssignments: MANY,
    });

    driven.advance(5_002);
    expect(driven.held()).toEqual({
      topics: 1,
      registrations: 2,
      producers: 1,
      listeners: 1,
      callers: 1,
      deadlines: 3,
    });

    for (const session of sessions) driven.close(session);
    driven.advance(LONGEST_WINDOW_MS);
    expectNothing(driven);
  });

  it("of a mute producer's requests, at once when it departs", () => {
    const driven = new Driven();
    const producer = driven.openProducer("t");
    for (let i = 0; i < MANY; i++) driven.request({});

    driven.close(producer);

    expectNothing(driven);
  });

  it("of many requests that were cancelled", () => {
    const driven = new Driven();
    const producer = driven.openProducer("t");
    for (let i = 0; i < MANY; i++) {
      driven.request({});
      driven.step({ kind: "cancelRequested", session: undefined, requestId: `r${driven.lastKey}` });
    }

    driven.close(producer);

    expectNothing(driven);
  });

  it("of many topics that had results, after the retention time", () => {
    const driven = new Driven();
    const producer = driven.openProducer(">");
    for (let i = 0; i < MANY; i++) {
      const assign = driven.request({ topic: `t${i}` }).find((effect) => effect.kind === "assign");
      driven.step({
        kind: "resultReturned",
        session: producer,
        assignment: assign?.assignment ?? 0,
        assignmentText: "",
        more: false,
        failure: undefined,
        payload: new Uint8Array(10),
      });
    }
    expect(driven.held()).toMatchObject({ topics: MANY, retainedDeliveries: MANY });

    driven.close(producer);
    driven.advance(LONGEST_WINDOW_MS);

    expectNothing(driven);
  });

  it("of many sessions that came and went, or were replaced by newer ones", () => {
    const driven = new Driven();
    for (let i = 0; i < MANY / 10; i++) {
      driven.close(driven.openProducer(`t.${i}.*`));
      driven.close(driven.openListener(`t.${i}`));
      driven.openProducer(`u.${i}`, "p");
      driven.openListener(`u.${i}.>`, "l");
    }
    driven.advance(LONGEST_WINDOW_MS);
    expect(driven.held()).toEqual({ topics: 1, registrations: 2, producers: 1, listeners: 1, deadlines: 2 });

    driven.close(driven.openProducer("t", "p"));
    driven.close(driven.openListener("t", "l"));
    driven.advance(LONGEST_WINDOW_MS);

    expectNothing(driven);
  });
});

describe("what is held stays within its limits", () => {
  it("however many ids callers give", () => {
    const driven = new Driven({ rememberedRequestIds: 100 });
    for (let i = 0; i < MANY; i++) driven.request({ requestId: `k${i}` });

    expect(driven.held()).toEqual({ rememberedRequestIds: 100, deadlines: 1 });
  });

  it("of a large message, to the request that it brought beside others", () => {
    const driven = new Driven();
    driven.openProducer("t");
    const message = Buffer.alloc(1_000_000, 7);

    const effects = driven.request({ payload: message.subarray(500, 600) });

    const asked = effects.find((effect) => effect.kind === "assign");
    expect(asked?.payload).toEqual(new Uint8Array(100).fill(7));
    expect(asked?.payload.buffer.byteLength).toBe(100);
    expect(driven.held()).toMatchObject({ pendingBytes: 100 });
  });

  it("however many results a listener could resume from", () => {
    const driven = new Driven({ retainedBytes: 100_000 });
    const producer = driven.openProducer("t");
    const assign = driven.request({ ttlMs: 60_000 }).find((effect) => effect.kind === "assign");
    for (let i = 0; i < MANY; i++) {
      driven.step({
        kind: "resultReturned",
        session: producer,
        assignment: assign?.assignment ?? 0,
        assignmentText: "",
        more: true,
        failure: undefined,
        payload: new Uint8Array(100),
      });
    }

    expect(driven.held()["retainedBytes"]).toBeLessThanOrEqual(100_000);
  });

  it("however many topics are asked for", () => {
    const driven = new Driven({ maxTopics: 50 });
    const producer = driven.openProducer(">");
    const rejected = Array.from({ length: 100 }, (_, i) => driven.request({ topic: `t${i}` })).flatMap(
      (effects) => effects.filter((effect) => effect.kind === "reject"),
    );

    expect(rejected).toHaveLength(50);
    expect(driven.held()["topics"]).toBe(50);
    driven.close(producer);
    expectNothing(driven);
  });
});
