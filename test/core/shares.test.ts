/**
 * What one peer can take of what all peers share, and what is left for the others.
 */
import { describe, expect, it } from "vitest";
import type { SessionKey } from "../../src/core/vocabulary/model.js";
import type { Refusal } from "../../src/core/vocabulary/reason.js";
import { opened, Peers, refusalIn, untilRefused } from "./peers.js";

const GREEDY = "10.0.0.1";
const HONEST = "10.0.0.2";
const MIB = 1_024 ** 2;

function refusalOf(session: SessionKey | Refusal): Refusal | undefined {
  return typeof session === "number" ? undefined : session;
}

/** Another peer can ask, register and listen, on topics of its own. */
function expectOpenTo(peers: Peers, peer: string): void {
  opened(peers.producer(peer, [`of.${peer}`]));
  opened(peers.listener(peer, [`of.${peer}`, "other.topic"]));
  const effects = peers.ask(peer, { topic: `of.${peer}` });
  expect(refusalIn(effects)).toBeUndefined();
  expect(effects.some(({ kind }) => kind === "assign")).toBe(true);
  const caller = opened(peers.caller(peer));
  expect(refusalIn(peers.submit(caller, { topic: `of.${peer}` }, { gather: true }))).toBeUndefined();
}

describe("a peer that has used up its share", () => {
  it("of pending requests is told so, and others can still ask, register and listen", () => {
    const peers = new Peers({ maxPendingRequests: 400 });
    opened(peers.listener(HONEST, ["x"]));
    const held = { ttlMs: 3_600_000, noProducersAction: "WAIT" } as const;
    const [refused, count] = untilRefused(1_000, () => refusalIn(peers.ask(GREEDY, held)));

    expect(count).toBe(200);
    expect(refused).toMatchObject({ reason: "PENDING_LIMIT", metadata: { scope: "peer", limit: "200" } });
    expect(refused?.message).toBe(
      "this address holds 200 pending requests, and its share of maxPendingRequests is 200 now; retry later or raise maxPendingRequests or peerShare",
    );
    expectOpenTo(peers, HONEST);
  });

  it("of the bytes of pending requests is told so, and others can still ask", () => {
    const peers = new Peers({ maxPendingBytes: 400_000 });
    opened(peers.listener(HONEST, ["x"]));
    const held = { ttlMs: 3_600_000, noProducersAction: "WAIT", payload: new Uint8Array(10_000) } as const;
    const [refused, count] = untilRefused(1_000, () => refusalIn(peers.ask(GREEDY, held)));

    expect(count).toBe(20);
    expect(refused).toMatchObject({
      reason: "PENDING_BYTES_LIMIT",
      metadata: { scope: "peer", limit: "200000" },
    });
    expectOpenTo(peers, HONEST);
  });

  it("of topics is told so, by 20 sessions as by one, and others can still open topics", () => {
    const peers = new Peers({ maxTopics: 4_000 });
    opened(peers.listener(HONEST, ["x"]));
    for (let i = 0; i < 20; i++) {
      opened(
        peers.producer(
          GREEDY,
          Array.from({ length: 1_000 }, (_, j) => `t.${i}.${j}`),
        ),
      );
    }
    expect(peers.counts.topics).toBe(2_001);
    const asked = refusalIn(peers.ask(GREEDY, { topic: "new", noProducersAction: "WAIT" }));

    expect(asked).toMatchObject({ reason: "TOPIC_LIMIT", metadata: { scope: "peer", limit: "1999" } });
    expect(asked?.message).toContain("or peerShare");
    expectOpenTo(peers, HONEST);
  });

  it("of sessions is told so, and others can still open sessions", () => {
    const peers = new Peers({ maxSessions: 201 });
    opened(peers.listener(HONEST, ["x"]));
    const [refused, count] = untilRefused(1_000, () => refusalOf(peers.caller(GREEDY)));

    expect(count).toBe(100);
    expect(refused).toMatchObject({ reason: "SESSION_LIMIT", metadata: { scope: "peer", limit: "100" } });
    for (const refusedToo of [peers.producer(GREEDY, ["t"]), peers.listener(GREEDY, ["t"])]) {
      expect(refusedToo).toMatchObject({ reason: "SESSION_LIMIT" });
    }
    expectOpenTo(peers, HONEST);
  });

  it("of sessions may still replace a session of its own id", () => {
    const peers = new Peers({ maxSessions: 200 });
    opened(peers.listener(HONEST, ["x"]));
    opened(peers.producer(GREEDY, ["t"], "p"));
    opened(peers.listener(GREEDY, ["t"], "l"));
    untilRefused(1_000, () => refusalOf(peers.caller(GREEDY)));

    opened(peers.producer(GREEDY, ["t"], "p"));
    opened(peers.listener(GREEDY, ["t"], "l"));
  });

  it("of bytes is told so, by whatever it holds, and others can still ask, register and listen", () => {
    const patterns = (i: number) => Array.from({ length: 1_000 }, (_, j) => `a.${i}.${j}.*`);
    const acts: readonly ((peers: Peers, i: number) => Refusal | undefined)[] = [
      (peers, i) => refusalOf(peers.producer(GREEDY, patterns(i))),
      (peers, i) => refusalOf(peers.listener(GREEDY, patterns(i))),
      (peers) => refusalOf(peers.caller(GREEDY)),
      (peers) => {
        const payload = new Uint8Array(100_000);
        return refusalIn(peers.ask(GREEDY, { payload, noProducersAction: "WAIT", ttlMs: 3_600_000 }));
      },
      (peers) => {
        const selector = {
          producerIds: [],
          principals: [],
          matchLabels: [["k", "x".repeat(100_000)]] as const,
          maxTargets: 0,
        };
        return refusalIn(peers.ask(GREEDY, { selector, noProducersAction: "WAIT", ttlMs: 3_600_000 }));
      },
      (peers) => {
        const context = [["tracestate", "x".repeat(24_000)]] as const;
        return refusalIn(peers.ask(GREEDY, { noProducersAction: "WAIT", ttlMs: 3_600_000 }, { context }));
      },
    ];
    for (const act of acts) {
      const peers = new Peers({ maxHeldBytes: 40 * MIB });
      opened(peers.listener(HONEST, ["x"]));
      const before = peers.held.peerBytes;
      const [refused] = untilRefused(100_000, (i) => act(peers, i));

      expect(refused).toMatchObject({ reason: "HELD_BYTES_LIMIT", metadata: { scope: "peer" } });
      expect(refused?.message).toContain("raise peerShare");
      // A half, and at most half of the last thing that fits.
      expect(peers.held.peerBytes - before).toBeLessThanOrEqual(20 * MIB + 200_000);
      expect(peers.held.peerBytes - before).toBeGreaterThan(18 * MIB);
      expectOpenTo(peers, HONEST);
    }
  });

  it("of bytes gets a fault for a further registration, and keeps its session", () => {
    const peers = new Peers({ maxHeldBytes: 4 * MIB });
    opened(peers.listener(HONEST, ["x"]));
    const producer = opened(peers.producer(GREEDY, []));
    const [refused, count] = untilRefused(100_000, (i) => {
      const registrations = [{ topic: `t.${i}.*`, group: "" }];
      return refusalIn(
        peers.step({ kind: "topicsRegistered", session: producer, registrations, correlationId: "c" }),
      );
    });

    expect(refused).toMatchObject({ reason: "HELD_BYTES_LIMIT", metadata: { scope: "peer" } });
    expect(count).toBeGreaterThan(500);
    expect(peers.counts.producers).toBe(1);
  });

  it("of bytes may open its sessions again, and no others", () => {
    const peers = new Peers({ maxHeldBytes: 8 * MIB });
    opened(peers.listener(HONEST, ["x"]));
    const topics = Array.from({ length: 1_000 }, (_, i) => `${"t".repeat(40)}.${i}`);
    const open = (id: string) => peers.producer(GREEDY, topics, id);
    const [refused, count] = untilRefused(100, (i) => refusalOf(open(`own-p${i}`)));
    expect(refused).toMatchObject({ reason: "HELD_BYTES_LIMIT", metadata: { scope: "peer" } });
    expect(count).toBeGreaterThan(2);
    const [listenerRefused, listeners] = untilRefused(100, (i) =>
      refusalOf(peers.listener(GREEDY, ["a.b"], `own-l${i}`)),
    );
    expect(listenerRefused).toMatchObject({ reason: "HELD_BYTES_LIMIT" });
    expect(listeners).toBeGreaterThan(0);

    const before = peers.held.peerBytes;
    for (let i = 0; i < count; i++) opened(open(`own-p${i}`));
    for (let i = 0; i < listeners; i++) opened(peers.listener(GREEDY, ["a.b"], `own-l${i}`));

    // The port of a connection is part of what is kept.
    expect(Math.abs(peers.held.peerBytes - before)).toBeLessThan(1_000);
    expect(
      refusalOf(peers.producer(GREEDY, topics.concat(topics.map((topic) => `${topic}.x`)), "own-p0")),
    ).toMatchObject({
      reason: "HELD_BYTES_LIMIT",
    });
    expect(refusalOf(peers.producer("10.0.0.3", topics, "own-p0"))).toBeUndefined();
  });

  it("of bytes cannot open a listener in parts without an end", () => {
    const peers = new Peers({ maxHeldBytes: 8 * MIB });
    opened(peers.listener(HONEST, ["x"]));
    let parts = 0;
    const [refused] = untilRefused(1_000, (i) => {
      const session = 1_000_000 + i;
      const opening = {
        ...{ kind: "listenerOpened" as const, session, sessionId: "", listenerId: `own-l${i}`, mintedId: "" },
        ...{ topics: [], resumeFrom: [], includeLate: false, includeSummaries: false, bufferBytes: 0 },
        ...{ overflowAction: "DROP_OLDEST" as const, group: "", cursorsFollow: true, peer: GREEDY },
      };
      const cursors = (from: number) =>
        Array.from({ length: 1_000 }, (_, j) => ({ topic: `t.${from + j}`, epoch: "e", sequence: 1 }));
      const first = refusalIn(peers.step(opening));
      const part = { kind: "topicsUpdated", session, add: [], remove: [], cursorsFollow: true } as const;
      return (
        first ??
        untilRefused(5, (k) => {
          parts++;
          return refusalIn(peers.step({ ...part, resumeFrom: cursors(1_000 * k) }));
        })[0]
      );
    });

    expect(refused).toMatchObject({ reason: "HELD_BYTES_LIMIT", metadata: { scope: "peer" } });
    expect(parts).toBeLessThan(50);
    expectOpenTo(peers, HONEST);
  });
});

describe("a peer whose remembered ids exceed its share", () => {
  const asked = (peers: Peers, peer: string, requestId: string) => {
    const [accept] = peers.ask(peer, { requestId }, { digest: "d" });
    return accept?.kind === "accept" ? accept.acceptance.deadlineAt : undefined;
  };

  it("forgets its own oldest, and nobody else's", () => {
    const peers = new Peers({ rememberedRequestIds: 201 });
    opened(peers.caller(HONEST));
    opened(peers.caller(GREEDY));
    const first = asked(peers, HONEST, "honest");
    for (let i = 0; i < 1_000; i++) asked(peers, GREEDY, `greedy.${i}`);
    expect(peers.counts.rememberedRequestIds).toBe(101);

    peers.advance(1);
    expect(asked(peers, HONEST, "honest")).toBe(first);
    expect(asked(peers, GREEDY, "greedy.900")).toBe(first);
    expect(asked(peers, GREEDY, "greedy.899")).not.toBe(first);
  });

  it("gets down to its share with each further id when other peers take more", () => {
    const peers = new Peers({ rememberedRequestIds: 400 });
    for (let i = 0; i < 1_000; i++) asked(peers, GREEDY, `before.${i}`);
    expect(peers.counts.rememberedRequestIds).toBe(200);
    for (let i = 0; i < 1_000; i++) asked(peers, HONEST, `honest.${i}`);
    expect(peers.counts.rememberedRequestIds).toBe(300);
    asked(peers, GREEDY, "after");
    expect(peers.counts.rememberedRequestIds).toBe(299);
    for (let i = 0; i < 1_000; i++) {
      asked(peers, GREEDY, `after.${i}`);
      asked(peers, HONEST, `honest.after.${i}`);
    }

    expect(peers.counts.rememberedRequestIds).toBe(267);
  });
});

describe("a peer that is alone", () => {
  it("may use a half, and keeps what it has when others take more", () => {
    const peers = new Peers({ maxPendingRequests: 400 });
    opened(peers.caller(GREEDY));
    const ask = (peer: string) => refusalIn(peers.ask(peer, { noProducersAction: "WAIT", ttlMs: 3_600_000 }));
    expect(untilRefused(1_000, () => ask(GREEDY))[1]).toBe(200);

    const other = opened(peers.caller(HONEST));
    expect(ask(GREEDY)).toMatchObject({ metadata: { limit: "200" } });
    expect(untilRefused(1_000, () => ask(HONEST))[1]).toBe(100);
    expect(ask(GREEDY)).toMatchObject({ metadata: { limit: "100" } });
    expect(peers.counts.pendingRequests).toBe(300);
    peers.close(other);
  });

  it.each([
    [3, 75],
    [0, 100],
  ])("may use with a share of %d this many of a hundred topics: %d", (peerShare, count) => {
    const peers = new Peers({ maxTopics: 100, peerShare });
    for (let i = 0; i < 110; i++) opened(peers.listener(GREEDY, [`t${i}`]));
    expect(peers.counts.topics).toBe(count);
  });

  it("may use all of a limit below 100", () => {
    const peers = new Peers({ maxTopics: 50 });
    for (let i = 0; i < 50; i++) opened(peers.listener(GREEDY, [`t${i}`]));
    expect(peers.counts.topics).toBe(50);
    const refused = refusalIn(peers.ask(GREEDY, { topic: "new", noProducersAction: "WAIT" }));

    expect(refused).toMatchObject({ reason: "TOPIC_LIMIT", metadata: { limit: "50" } });
    expect(refused?.metadata).not.toHaveProperty("scope");
  });
});

describe("greedy peers of every kind", () => {
  const HELD = { ttlMs: 3_600_000, noProducersAction: "WAIT" } as const;

  it.each([4, 32])("leave to a newcomer what each of them has: %d", (peerCount) => {
    const peers = new Peers({ maxPendingRequests: 3_300, maxSessions: 3_300, maxTopics: 3_300 });
    const greedy = Array.from({ length: peerCount }, (_, i) => `10.1.0.${i}`);
    for (const peer of greedy) opened(peers.listener(peer, ["shared"]));
    const acts: readonly ((peer: string, i: number) => Refusal | undefined)[] = [
      (peer) => refusalIn(peers.ask(peer, { ...HELD, topic: "shared" })),
      (peer) => refusalOf(peers.caller(peer)),
      (peer, i) => refusalIn(peers.ask(peer, { topic: `${peer}.${i}`, noProducersAction: "WAIT", ttlMs: 1 })),
    ];
    for (const act of acts) {
      const counts = new Map<string, number>();
      for (let open = greedy; open.length > 0; ) {
        open = open.filter((peer) => {
          const count = counts.get(peer) ?? 0;
          if (count > 3_300) throw new Error("no share");
          counts.set(peer, count + 1);
          return act(peer, count) === undefined;
        });
      }
      const [, found] = untilRefused(3_300, (i) => act("10.9.9.9", i));
      expect(found).toBeGreaterThan(0.45 * Math.min(...counts.values()));
      for (const count of counts.values()) expect(count).toBeLessThanOrEqual(3_300 / (peerCount + 1) + 2);
      expectOpenTo(peers, "10.8.8.8");
      // The requests of the last act would stand in the way of the next one.
      peers.advance(3_700_000);
      peers.advance(10 * 60_000);
    }
  });
});

describe("the budget of the process", () => {
  it("bounds many peers together", () => {
    const peers = new Peers({ maxHeldBytes: 16 * MIB });
    const [refused, count] = untilRefused(10_000, (i) =>
      refusalOf(peers.caller(`10.1.${i >> 8}.${i & 255}`)),
    );

    expect(refused).toMatchObject({ reason: "HELD_BYTES_LIMIT" });
    expect(refused?.metadata).not.toHaveProperty("scope");
    expect(refused?.message).toContain("raise maxHeldBytes");
    expect(peers.held.peerBytes).toBeLessThanOrEqual(16 * MIB);
    expect(count).toBeGreaterThan(300);
  });

  it("counts the assignments of a request when it is admitted: tiny requests to many producers are refused", () => {
    const peers = new Peers({ maxHeldBytes: 512 * MIB });
    for (let i = 0; i < 1_000; i++) opened(peers.producer(`10.2.${i >> 8}.${i & 255}`, ["t"]));
    const before = peers.held.peerBytes;
    const [refused, count] = untilRefused(22_800, () => refusalIn(peers.ask(GREEDY, { ttlMs: 3_600_000 })));

    expect(refused).toMatchObject({ reason: "HELD_BYTES_LIMIT", metadata: { scope: "peer" } });
    expect(count).toBeLessThan(1_400);
    expect(peers.counts.outstandingAssignments + peers.counts.waitingAssignments).toBe(1_000 * count);
    expect(peers.held.peerBytes - before).toBeLessThanOrEqual(256 * MIB);
  });
});

describe("a topic", () => {
  it("that is idle makes room for another one of its peer at the peer's share", () => {
    const peers = new Peers({ maxTopics: 201 });
    opened(peers.listener(HONEST, ["x"]));
    const first = opened(peers.listener(GREEDY, ["idle"]));
    peers.close(first);
    for (let i = 0; i < 99; i++) opened(peers.listener(GREEDY, [`t${i}`]));
    expect(peers.counts.topics).toBe(101);
    opened(peers.listener(GREEDY, ["new"]));

    const topics = [...peers.dispatcher.inspector.topics("", "")].map(({ view }) => view?.topic);
    expect(topics).toContain("new");
    expect(topics).not.toContain("idle");
  });

  it("that is idle makes room for a topic of another peer that is within its share without it", () => {
    const peers = new Peers({ maxTopics: 200 });
    const idle = Array.from({ length: 100 }, (_, i) => opened(peers.listener(GREEDY, [`idle${i}`])));
    for (const session of idle) peers.close(session);
    expect(peers.counts.topics).toBe(100);
    for (let i = 0; i < 100; i++) opened(peers.listener(HONEST, [`t${i}`]));

    const topics = [...peers.dispatcher.inspector.topics("", "")].map(({ view }) => view?.topic);
    expect(topics.filter((topic) => topic?.startsWith("t"))).toHaveLength(100);
  });

  it("counts for the peer that caused it until it is evicted, whoever uses it", () => {
    const peers = new Peers({ maxTopics: 8 });
    const owner = opened(peers.listener(GREEDY, ["t"]));
    const user = opened(peers.listener(HONEST, ["t"]));
    peers.close(owner);
    expect(peers.held.peers).toBe(2);
    peers.close(user);
    peers.advance(10 * 60_000);
    peers.advance(10 * 60_000);

    expect(peers.held).toMatchObject({ peers: 0, peerBytes: 0 });
  });
});

describe("work that is done in slices", () => {
  const registrations = Array.from({ length: 10_000 }, (_, i) => ({ topic: `topic.number.${i}`, group: "" }));
  const opening = (session: SessionKey) => ({
    ...{ kind: "producerOpened" as const, session, sessionId: "", producerId: "", mintedId: `p${session}` },
    ...{ displayName: "", labels: [], maxOutstanding: 1, maxBacklog: 1, reportDispositions: false },
    ...{ registrations, peer: `${GREEDY}:${session}` },
  });

  it("is charged as a whole when it begins, so that a second message finds no room", () => {
    const peers = new Peers({ maxHeldBytes: 12 * MIB });
    opened(peers.listener(HONEST, ["x"]));
    const [first, second] = [opening(101), opening(102)];

    const begun = peers.dispatcher.step(first, 0);
    expect(begun.map(({ kind }) => kind)).toEqual(["continue"]);
    expect(refusalIn(peers.dispatcher.step(second, 0))).toMatchObject({ reason: "HELD_BYTES_LIMIT" });
    peers.step({ kind: "workContinued", session: 101 });
    peers.close(101);

    expect(refusalIn(peers.step(second))).toBeUndefined();
    peers.close(102);
    expect(peers.held.peers).toBe(1);
  });

  it("is charged to nobody if it clears away a session whose peer has connected again", () => {
    const peers = new Peers();
    // The first slice ends when all of its registrations are removed, and before its assignments are settled.
    const topics = ["t", ...registrations.slice(0, 500).map(({ topic }) => topic)];
    const listener = opened(peers.listener(HONEST, topics));
    const leaving = opened(peers.producer(GREEDY, topics));
    for (let i = 0; i < 100; i++) peers.ask(HONEST, { ttlMs: 3_600_000 });

    const begun = peers.dispatcher.step({ kind: "sessionClosed", session: leaving }, 0);
    expect(begun.map(({ kind }) => kind)).toEqual(["continue"]);
    expect([peers.held.peers, peers.counts.pendingRequests]).toEqual([1, 100]);
    const again = opened(peers.producer(GREEDY, ["other"]));
    peers.step({ kind: "workContinued", session: leaving });

    expect(peers.counts.pendingRequests).toBe(0);
    for (const session of [again, listener]) peers.close(session);
    peers.advance(10 * 60_000);
    peers.advance(10 * 60_000);
    expect(peers.held).toMatchObject({ peers: 0, peerBytes: 0 });
  });
});
