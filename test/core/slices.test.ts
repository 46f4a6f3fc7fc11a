/** What takes long is done in slices: no step does more than its share, however much a peer asks for or leaves behind. */
import { describe, expect, it, vi } from "vitest";
import { Dispatcher } from "../../src/core/dispatcher.js";
import { ListedSet } from "../../src/core/tables/listed-set.js";
import { TopicTree } from "../../src/core/tables/topic-tree.js";
import type { Effect } from "../../src/core/vocabulary/effect.js";
import type { Input } from "../../src/core/vocabulary/input.js";
import type { SessionKey } from "../../src/core/vocabulary/model.js";
import { COVERED_TOPIC, coveringPatterns } from "../support/covering-patterns.js";
import { submitted } from "../support/submitted.js";

const UNITS = 500;

/** A dispatcher whose steps are counted. */
class Counted {
  now = 0;
  private lastKey: SessionKey = 0;
  private readonly dispatcher = new Dispatcher("s", { recentRequests: 0 }, UNITS);

  /** Applies an input, and its work slice by slice. @returns the effects of each step. */
  steps(input: Input): readonly (readonly Effect[])[] {
    return this.together([input]);
  }

  /** Applies an input without its work. */
  only(input: Input): readonly Effect[] {
    return this.dispatcher.step(input, this.now);
  }

  /** Applies inputs one directly after the other, and then their work. */
  together(inputs: readonly Input[]): readonly (readonly Effect[])[] {
    const steps = inputs.map((input) => this.dispatcher.step(input, this.now));
    for (const effects of steps) {
      for (const effect of effects) {
        if (effect.kind !== "continue") continue;
        steps.push(this.dispatcher.step({ kind: "workContinued", session: effect.to }, this.now));
      }
    }
    return steps.map((effects) => effects.filter(({ kind }) => kind !== "continue"));
  }

  producer(
    registrations: readonly string[],
    more: { group?: string; credit?: number; backlog?: number } = {},
  ) {
    const { group = "", credit = 1, backlog = 1 } = more;
    const session = ++this.lastKey;
    const steps = this.steps({
      ...{ kind: "producerOpened", session, sessionId: "", producerId: "", mintedId: `p${session}` },
      ...{ displayName: "", labels: [], reportDispositions: false, peer: "", maxBacklog: backlog },
      ...{ registrations: registrations.map((topic) => ({ topic, group })), maxOutstanding: credit },
    });
    return { session, steps };
  }

  listener(topics: readonly string[], listenerId = "") {
    const session = ++this.lastKey;
    const steps = this.steps({
      ...{ kind: "listenerOpened", session, sessionId: "", listenerId, mintedId: `l${session}`, topics },
      ...{ resumeFrom: [], includeLate: false, includeSummaries: false, overflowAction: "DROP_OLDEST" },
      ...{ bufferBytes: 0, group: "", peer: "" },
    });
    return { session, steps };
  }

  caller(): SessionKey {
    this.steps({ kind: "callerOpened", session: ++this.lastKey });
    return this.lastKey;
  }

  request(
    topic: string,
    more: { caller?: SessionKey; waits?: boolean; ttlMs?: number; requestId?: string } = {},
  ) {
    const { caller, waits = false, ttlMs = 3_600_000, requestId = "" } = more;
    const key = ++this.lastKey;
    return this.steps(
      submitted({
        ...{
          session: caller ?? key,
          correlationId: caller === undefined ? undefined : "c",
          gather: caller !== undefined,
        },
        ...{ mintedId: `r${key}` },
        spec: { topic, ttlMs, requestId, noProducersAction: waits ? "WAIT" : "COMPLETE" },
      }),
    );
  }

  get counts() {
    return this.dispatcher.snapshot().counts;
  }
}

function names(count: number, prefix = "t"): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}.${i}`);
}

/** Patterns of 15 tokens. */
function patterns(count: number): string[] {
  return names(count, "p").map((name) => `${name}.c.d.e.f.g.h.i.j.k.l.m.n.*`);
}

/** The steps in which a kind of effect was returned. */
function stepsWith(kind: Effect["kind"], steps: readonly (readonly Effect[])[]): number[] {
  return steps.flatMap((effects, i) => (effects.some((effect) => effect.kind === kind) ? [i] : []));
}

describe("a listener's wildcards", () => {
  it("are compared with the topics in slices before it is ready, and the topics that begin meanwhile are in Ready", () => {
    const dispatcher = new Counted();
    dispatcher.producer(names(10_000));
    const { steps } = dispatcher.listener(["*.5"]);

    expect(steps.length).toBeGreaterThanOrEqual(10);
    expect(stepsWith("ready", steps)).toEqual([steps.length - 1]);
    expect(steps.flat()[0]).toMatchObject({ cursors: [{ topic: "t.5" }] });
  });

  it("visit a node of their tree at most once per topic, and all topics once per change", () => {
    const dispatcher = new Counted();
    dispatcher.producer(names(100, "a.b"));
    dispatcher.listener(["u"], "l");
    const covered = vi.spyOn(TopicTree.prototype, "hasWildcardOn");

    const add = names(1_000, "x.*");
    dispatcher.steps({ kind: "listenerUpdated", session: 99, listenerId: "l", add, remove: [] });

    expect(covered.mock.calls.length).toBeLessThanOrEqual(2 * 101);
    covered.mockRestore();
  });
});

describe("the positions of an added wildcard", () => {
  const WILDCARD = {
    kind: "listenerUpdated",
    session: 99,
    listenerId: "l",
    add: ["*.*"],
    remove: [],
  } as const;

  function cursorsOf(effects: readonly Effect[]) {
    return effects.flatMap((effect) => (effect.kind === "topicsChanged" ? effect.cursors : []));
  }

  it("are told in slices, each topic once, before or when the wildcard takes effect", () => {
    const dispatcher = new Counted();
    dispatcher.producer(names(10_000));
    dispatcher.listener(["u"], "l");

    const steps = dispatcher.steps(WILDCARD);

    expect(Math.max(...steps.map((effects) => cursorsOf(effects).length))).toBeLessThanOrEqual(2_000);
    expect(new Set(cursorsOf(steps.flat()).map(({ topic }) => topic)).size).toBe(10_000);
    expect(cursorsOf(steps.flat())).toHaveLength(10_000);
    const added = steps.flatMap((effects) =>
      effects.flatMap((effect) => (effect.kind === "topicsChanged" ? [effect.added] : [])),
    );
    expect(added.at(-1)).toEqual(["*.*"]);
    expect(added.slice(0, -1).flat()).toEqual([]);
  });

  it("are not searched again if the listener has the wildcard", () => {
    const dispatcher = new Counted();
    dispatcher.producer(names(10_000));
    dispatcher.listener(["*.*"], "l");
    const covered = vi.spyOn(TopicTree.prototype, "hasWildcardOn");

    const again = [WILDCARD, { ...WILDCARD, remove: ["*.*"] }].map((input) => dispatcher.steps(input).flat());

    expect(covered).not.toHaveBeenCalled();
    expect(again.map((effects) => cursorsOf(effects))).toEqual([[], []]);
    expect(again.map(([told]) => told)).toMatchObject([{ added: ["*.*"] }, { added: ["*.*"] }]);
    covered.mockRestore();
  });

  it("are told again if they change before the wildcard takes effect", () => {
    const dispatcher = new Counted();
    const { session } = dispatcher.producer(names(3_000));
    const { session: to } = dispatcher.listener(["u"], "l");
    const told: Effect[] = [...dispatcher.only(WILDCARD)];
    const goOnUntil = (isReached: (effect: Effect) => boolean) => {
      while (!told.some(isReached)) told.push(...dispatcher.only({ kind: "workContinued", session: to }));
    };

    goOnUntil(({ kind }) => kind === "topicsChanged");
    const assign = dispatcher
      .request("t.0")
      .flat()
      .find((effect) => effect.kind === "assign");
    dispatcher.only({
      ...{ kind: "resultReturned", session, assignment: assign?.assignment ?? 0, assignmentText: undefined },
      ...{ more: false, failure: undefined, payload: new Uint8Array(1) },
    });
    goOnUntil((effect) => effect.kind === "topicsChanged" && effect.added.length > 0);

    const sequences = cursorsOf(told).filter(({ topic }) => topic === "t.0");
    expect(sequences.map(({ sequence }) => sequence)).toEqual([0, 1]);
  });
});

describe("many registrations", () => {
  it("of a listener are added, changed and removed in slices", () => {
    const dispatcher = new Counted();
    const { session, steps } = dispatcher.listener(patterns(2_000), "l");
    expect(steps.length).toBeGreaterThanOrEqual(15);
    expect(stepsWith("ready", steps)).toHaveLength(1);

    const [add, remove] = [names(5_000), patterns(2_000)];
    const update = { kind: "listenerUpdated" as const, session: 99, listenerId: "l", add, remove };
    const updated = dispatcher.steps(update);
    expect(updated.length).toBeGreaterThanOrEqual(32);
    const changes = updated.flat().filter((effect) => effect.kind === "topicsChanged");
    expect(changes.map((effect) => effect.added.length)).toEqual([0, 0, 0, 0, 5_000]);
    expect(stepsWith("updated", updated)).toEqual([updated.length - 1]);
    expect(updated.at(-1)).toHaveLength(1);
    expect(dispatcher.counts.registrations).toBe(5_000);

    expect(dispatcher.steps({ kind: "sessionClosed", session }).length).toBeGreaterThanOrEqual(2);
    expect(dispatcher.counts.registrations).toBe(0);
  });

  it("of a producer are added and removed in slices, and confirmed at the end", () => {
    const dispatcher = new Counted();
    const { session, steps } = dispatcher.producer(patterns(2_000));
    expect(steps.length).toBeGreaterThanOrEqual(15);
    expect(stepsWith("welcome", steps)).toEqual([steps.length - 1]);

    const registrations = names(5_000).map((topic) => ({ topic, group: "" }));
    const registered = dispatcher.steps({
      kind: "topicsRegistered",
      session,
      registrations,
      correlationId: "",
    });
    expect(stepsWith("registered", registered)[0]).toBeGreaterThanOrEqual(2);

    const topics = [...patterns(2_000), ...names(5_000)];
    const deregistered = dispatcher.steps({ kind: "topicsDeregistered", session, topics, correlationId: "" });
    expect(stepsWith("deregistered", deregistered)[0]).toBeGreaterThanOrEqual(17);
    expect(dispatcher.counts.registrations).toBe(0);
  });

  it("of a producer that leaves are removed in slices, without computing the routes of a topic", () => {
    const dispatcher = new Counted();
    dispatcher.listener([">"]);
    const { session } = dispatcher.producer(names(10_000));
    const visit = vi.spyOn(TopicTree.prototype, "visit");

    expect(dispatcher.steps({ kind: "sessionClosed", session }).length).toBeGreaterThanOrEqual(5);
    expect(visit).not.toHaveBeenCalled();
    visit.mockRestore();
  });

  it("that change nothing leave the routes as they are", () => {
    const dispatcher = new Counted();
    const { session } = dispatcher.producer([">"]);
    dispatcher.request("t");
    const visit = vi.spyOn(TopicTree.prototype, "visit");

    for (let i = 0; i < 100; i++) {
      const registrations = [{ topic: ">", group: "" }];
      dispatcher.steps({ kind: "topicsRegistered", session, registrations, correlationId: "" });
      dispatcher.request("t");
    }

    expect(visit).not.toHaveBeenCalled();
    visit.mockRestore();
  });
});

it("a producer whose connection ages while it registers is told so when it has registered", () => {
  const dispatcher = new Counted();
  const { session } = dispatcher.producer(["t"]);
  const registrations = names(5_000).map((topic) => ({ topic, group: "" }));
  const kinds = dispatcher
    .together([
      { kind: "topicsRegistered", session, registrations, correlationId: "" },
      { kind: "sessionAging", session, graceMs: 0 },
    ])
    .map((effects) => effects.map(({ kind }) => kind));

  expect(kinds.slice(0, 2)).toEqual([[], []]);
  expect(kinds.flat()).toEqual(["registered", "goAway", "close"]);
  expect(dispatcher.counts.registrations).toBe(0);
});

describe("held requests", () => {
  it("are scattered in slices", () => {
    const dispatcher = new Counted();
    for (const name of names(5_000)) dispatcher.request(name, { waits: true });

    const { steps } = dispatcher.producer([">"], { credit: 5_000 });

    expect(steps.length).toBeGreaterThanOrEqual(5);
    expect(steps.flat().filter(({ kind }) => kind === "assign")).toHaveLength(5_000);
  });

  it("of other topics are not looked at by a producer that names its topics", () => {
    const dispatcher = new Counted();
    for (const name of names(5_000)) dispatcher.request(name, { waits: true });

    const { steps } = dispatcher.producer(["t.7"]);

    expect(steps.map((effects) => effects.map(({ kind }) => kind))).toEqual([["welcome", "assign"]]);
  });
});

describe("the assignments of a producer that leaves", () => {
  it.each([
    ["credit", 1_000, 1_000],
    ["only backlog room", 1, 1_000],
    ["no room", 1, 1],
  ])(
    "go to the members of a group of 1,000 with %s in slices, comparing few of them",
    (_, credit, backlog) => {
      const dispatcher = new Counted();
      const WAITING = 20_000;
      const { session } = dispatcher.producer(["t"], { group: "g", credit: 1, backlog: WAITING });
      for (let i = 0; i < WAITING; i++) dispatcher.request("t");
      for (let i = 0; i < 1_000; i++) dispatcher.producer(["t"], { group: "g", credit, backlog });

      const steps = dispatcher.steps({ kind: "sessionClosed", session });

      // 1,000 entries for each assignment would be 10,000 steps.
      expect(steps.length).toBeGreaterThanOrEqual(10);
      expect(steps.length).toBeLessThanOrEqual((WAITING * 70) / UNITS);
      expect(dispatcher.counts.pendingRequests).toBe(
        dispatcher.counts.outstandingAssignments + dispatcher.counts.waitingAssignments,
      );
    },
  );

  it("are settled in slices without another member", () => {
    const dispatcher = new Counted();
    const { session } = dispatcher.producer(["t"], { credit: 5_000, backlog: 5_000 });
    for (let i = 0; i < 10_000; i++) dispatcher.request("t");

    expect(dispatcher.steps({ kind: "sessionClosed", session }).length).toBeGreaterThanOrEqual(10);
    expect(dispatcher.counts).toMatchObject({ pendingRequests: 0, topics: 0 });
  });

  it("wait behind what was there before while a higher credit is used in slices", () => {
    const dispatcher = new Counted();
    const { session } = dispatcher.producer(["t"], { credit: 1, backlog: 20_000 });
    for (let i = 0; i < 10_000; i++) dispatcher.request("t");

    const steps = dispatcher.steps({ kind: "creditUpdated", session, maxOutstanding: 20_000 });

    expect(steps.length).toBeGreaterThanOrEqual(3);
    expect(dispatcher.counts).toMatchObject({ outstandingAssignments: 10_000, waitingAssignments: 0 });
  });
});

describe("the assignments that wait for the window of a producer", () => {
  /** A producer whose window is full, and 5,000 assignments that wait. */
  function withFullWindow() {
    const dispatcher = new Counted();
    const { session } = dispatcher.producer(["t"], { credit: 50_000, backlog: 50_000 });
    let bytes = 0;
    for (let waitingCount = 0; waitingCount < 5_000; ) {
      const effects = dispatcher.request("t").flat();
      const assign = effects.find((effect) => effect.kind === "assign");
      if (assign) bytes += assign.cost;
      else waitingCount++;
    }
    return { dispatcher, written: { kind: "assignmentsWritten" as const, session, bytes } };
  }

  it("are sent in slices when all of it is written, before anything newer", () => {
    const { dispatcher, written } = withFullWindow();
    const request = submitted({ mintedId: "newest", session: 1_000_000 });
    const steps = dispatcher.together([written, request]);
    const assigns = steps.map((effects) => effects.filter((effect) => effect.kind === "assign"));

    expect(Math.max(...assigns.map(({ length }) => length))).toBeLessThanOrEqual(2 * UNITS);
    expect(assigns.flat()).toHaveLength(5_001);
    expect(assigns.flat().at(-1)).toMatchObject({ requestId: "newest" });
    expect(dispatcher.counts.waitingAssignments).toBe(0);
  });

  it("are sent once if more is written meanwhile, and the window counts again afterwards", () => {
    const { dispatcher, written } = withFullWindow();
    const half = { ...written, bytes: written.bytes / 2 };
    const sent = dispatcher
      .together([half, half])
      .flat()
      .filter((effect) => effect.kind === "assign");
    expect(sent).toHaveLength(5_000);

    const bytes = sent.reduce((sum, { cost }) => sum + cost, 0);
    dispatcher.steps({ ...written, bytes });
    expect(dispatcher.request("t").flat()).toContainEqual(expect.objectContaining({ kind: "assign" }));
  });

  it("go elsewhere if the producer leaves meanwhile", () => {
    const { dispatcher, written } = withFullWindow();
    dispatcher.together([written, { kind: "sessionClosed", session: written.session }]);

    expect(dispatcher.counts).toMatchObject({ pendingRequests: 0, outstandingAssignments: 0 });
  });
});

describe("many requests", () => {
  it("that expire together end in slices, and a result after the TTL of its request is late", () => {
    const dispatcher = new Counted();
    const { session } = dispatcher.producer(["t"], { credit: 10_000 });
    const caller = dispatcher.caller();
    const ids: number[] = [];
    for (let i = 0; i < 10_000; i++) {
      const [effects = []] = dispatcher.request("t", { caller, ttlMs: 1_000 });
      for (const effect of effects) if (effect.kind === "assign") ids.push(effect.assignment);
    }
    dispatcher.now = 1_001;
    const result = { kind: "resultReturned" as const, session, assignmentText: "", more: false };
    const failure = undefined;
    const payload = new Uint8Array(1);
    const steps = dispatcher.steps({ ...result, assignment: ids[5_000] ?? 0, failure, payload });

    expect(steps.length).toBeGreaterThanOrEqual(10);
    expect(steps.flat().filter(({ kind }) => kind === "summarize")).toHaveLength(10_000);
    expect(steps.flat().find(({ kind }) => kind === "deliver")).toBeUndefined();
    expect(dispatcher.counts.pendingRequests).toBe(0);
  });

  it("end in slices when the grace of a drain is over, before the streams do", () => {
    const dispatcher = new Counted();
    dispatcher.producer(["t"], { credit: 10_000 });
    for (let i = 0; i < 10_000; i++) dispatcher.request("t");
    dispatcher.steps({ kind: "drainStarted", graceMs: 0 });

    const steps = dispatcher.steps({ kind: "drainExpired" });

    expect(steps.length).toBeGreaterThanOrEqual(10);
    expect(stepsWith("close", steps)).toEqual([steps.length - 1]);
  });

  it("are cancelled in slices when their caller leaves", () => {
    const dispatcher = new Counted();
    dispatcher.producer(["t"], { credit: 10_000 });
    const caller = dispatcher.caller();
    for (let i = 0; i < 10_000; i++) dispatcher.request("t", { caller });

    const steps = dispatcher.steps({ kind: "sessionClosed", session: caller });

    expect(steps.length).toBeGreaterThanOrEqual(10);
    expect(dispatcher.counts.pendingRequests).toBe(0);
  });

  it("that are remembered are not visited before they are due", () => {
    const dispatcher = new Counted();
    for (let i = 0; i < 10_000; i++) dispatcher.request(`t.${i}`, { requestId: `k${i}`, ttlMs: 1 });
    for (let i = 0; i < 100; i++) dispatcher.request("t", { requestId: `l${i}`, ttlMs: 600_000 });

    dispatcher.now = 60_000;
    expect(dispatcher.steps({ kind: "clockAdvanced" })).toHaveLength(1);
    dispatcher.now = 125_000;
    expect(dispatcher.steps({ kind: "clockAdvanced" }).length).toBeGreaterThanOrEqual(5);
    expect(dispatcher.counts.rememberedRequestIds).toBe(100);
    dispatcher.now = 1_199_000;
    expect(dispatcher.steps({ kind: "clockAdvanced" })).toHaveLength(1);
    expect(dispatcher.counts.rememberedRequestIds).toBe(100);
    dispatcher.now = 1_203_000;
    dispatcher.steps({ kind: "clockAdvanced" });
    expect(dispatcher.counts.rememberedRequestIds).toBe(0);
  });

  it("are forgotten in slices", () => {
    const dispatcher = new Counted();
    for (let i = 0; i < 10_000; i++) dispatcher.request(`t.${i}`, { requestId: `k${i}` });
    dispatcher.now = 1e9;

    expect(dispatcher.steps({ kind: "clockAdvanced" }).length).toBeGreaterThanOrEqual(5);
    expect(dispatcher.counts.rememberedRequestIds).toBe(0);
  });
});

it("gathers that join one request, and leave it, copy no list of the others", () => {
  const dispatcher = new Counted();
  dispatcher.producer(["t"]);
  let copiedCount = 0;
  const read = vi.spyOn(ListedSet.prototype, "list", "get").mockImplementation(function (
    this: ListedSet<unknown>,
  ) {
    copiedCount += this.size;
    return [];
  });
  const callers = Array.from({ length: 2_000 }, () => dispatcher.caller());
  for (const caller of callers) dispatcher.request("t", { caller, requestId: "k" });
  const steps = callers.map((session) => dispatcher.steps({ kind: "sessionClosed", session }));
  read.mockRestore();

  expect(copiedCount).toBe(0);
  expect(steps.slice(0, -1).flat(2)).toEqual([]);
  expect(stepsWith("revoke", steps.at(-1) ?? [])).toHaveLength(1);
  expect(dispatcher.counts).toMatchObject({ pendingRequests: 0, callers: 0 });
});

it("a drain tells all peers to go away in slices", () => {
  const dispatcher = new Counted();
  for (let i = 0; i < 5_000; i++) dispatcher.caller();

  const steps = dispatcher.steps({ kind: "drainStarted", graceMs: 0 });

  expect(steps.length).toBeGreaterThanOrEqual(5);
  expect(stepsWith("goAway", steps).at(-1)).toBeLessThanOrEqual(stepsWith("close", steps)[0] ?? 0);
});

it("a request whose topic many patterns cover ends the slice of its stream", () => {
  const core = new Counted();
  core.producer(coveringPatterns(1_000));
  const caller = core.caller();

  const continued = (topic: string) => core.request(topic, { caller }).length > 1;

  expect(continued(COVERED_TOPIC)).toBe(true);
  expect(continued(COVERED_TOPIC)).toBe(false);
  expect(continued("zz.b")).toBe(false);
});

it("of many invalid registrations, the first twenty are named", () => {
  const { steps } = new Counted().producer(Array.from({ length: 100 }, () => "a..b"));
  const close = steps.flat().find((effect) => effect.kind === "close");

  expect(close?.refusal?.violations.map(({ field }) => field)).toEqual(
    Array.from({ length: 20 }, (_, i) => `registrations[${i}].topic`),
  );
});
