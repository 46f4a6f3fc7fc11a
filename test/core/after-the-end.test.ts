/**
 * What is kept of a request after its end: what its caller is told if it repeats the request, and what people look up.
 */
import { describe, expect, it } from "vitest";
import type { Effect } from "../../src/core/vocabulary/effect.js";
import type { Summary } from "../../src/core/vocabulary/model.js";
import { opened, Peers, refusalIn } from "./peers.js";

const ADDRESS = "10.0.0.1";
const OTHER = "10.0.0.2";
const MIB = 1_024 ** 2;
const DIGEST = "d".repeat(44);

function summaryIn(effects: readonly Effect[]): Summary | undefined {
  return effects.find((effect) => effect.kind === "summarize")?.summary;
}

function acceptanceIn(effects: readonly Effect[]) {
  return effects.find((effect) => effect.kind === "accept")?.acceptance;
}

describe("a request whose id its caller chose", () => {
  it("is answered with the same acceptance and summary when it is repeated after its end", () => {
    const peers = new Peers();
    const sessions = ["a", "b", "c", "d"].map((id) => opened(peers.producer(ADDRESS, ["t"], id)));
    opened(peers.producer(ADDRESS, ["t"], "grouped", "g"));
    const caller = opened(peers.caller(ADDRESS));
    const spec = { requestId: "mine", ttlMs: 1_000 };
    const send = () => peers.submit(caller, spec, { gather: true, digest: DIGEST });
    const first = send();
    const assigned = first.filter((effect) => effect.kind === "assign");
    peers.now = 7.25;
    peers.answer(assigned.slice(0, 1));
    peers.answer(assigned.slice(1, 2), { code: 5, message: "no such thing" });
    peers.close(sessions[2] as number);
    peers.now = 1_000.5;
    const ended = summaryIn(peers.step({ kind: "clockAdvanced" }));

    expect(ended?.outcomes?.map(({ state }) => state)).toEqual([
      "ANSWERED",
      "FAILED",
      "DEPARTED",
      "MISSED",
      "MISSED",
    ]);
    const again = send();
    expect(acceptanceIn(again)).toEqual(acceptanceIn(first));
    expect(summaryIn(again)).toEqual(ended);
    expect(refusalIn(peers.submit(caller, spec, { digest: "other" }))?.reason).toBe("REQUEST_ID_REUSED");
  });

  it("names the producer that took over in the summary, although the acceptance names another one", () => {
    const peers = new Peers();
    const first = opened(peers.producer(ADDRESS, ["t"], "first", "g"));
    const caller = opened(peers.caller(ADDRESS));
    const spec = { requestId: "mine", ttlMs: 1_000 };
    const accepted = peers.submit(caller, spec, { gather: true, digest: DIGEST });
    opened(peers.producer(ADDRESS, ["t"], "second", "g"));
    const moved = peers.step({ kind: "sessionClosed", session: first });
    peers.answer(moved);

    const again = peers.submit(caller, spec, { gather: true, digest: DIGEST });
    expect(acceptanceIn(again)).toEqual(acceptanceIn(accepted));
    expect(summaryIn(again)?.outcomes).toMatchObject([
      { producerId: "second", group: "g", state: "ANSWERED" },
    ]);
  });

  it("can still be looked up when its record is overwritten", () => {
    const peers = new Peers({ recentRequests: 1 });
    opened(peers.producer(ADDRESS, ["t"], "p"));
    peers.answer(peers.ask(ADDRESS, { requestId: "mine" }, { digest: DIGEST }));
    const before = peers.dispatcher.inspector.request("mine")?.request.summary;
    peers.answer(peers.ask(ADDRESS, {}));

    expect(before).toMatchObject({ reason: "ALL_ANSWERED", answeredCount: 1, satisfied: true });
    expect(peers.dispatcher.inspector.request("mine")?.request.summary).toEqual(before);
  });

  it("is forgotten first, the oldest first, when its peer has used up its share of the bytes", () => {
    const peers = new Peers({ maxHeldBytes: 4 * MIB, rememberedRequestIds: 1_000_000 });
    opened(peers.listener(OTHER, ["x"]));
    peers.ask(OTHER, { requestId: "other", noProducersAction: "COMPLETE" }, { digest: DIGEST });
    for (let i = 0; i < 10_000; i++) {
      const effects = peers.ask(ADDRESS, { requestId: `id-${i}` }, { digest: DIGEST });
      expect(refusalIn(effects)).toBeUndefined();
    }
    const isRemembered = (id: string) => peers.dispatcher.inspector.request(id) !== undefined;
    const { peerBytes } = peers.held;

    // A half of what the listener leaves, and the listener.
    expect(peerBytes).toBeLessThan(2.1 * MIB);
    expect(peers.counts.rememberedRequestIds).toBeGreaterThan(1_000);
    expect([isRemembered("id-0"), isRemembered("id-9999"), isRemembered("other")]).toEqual([
      false,
      true,
      true,
    ]);
    // A request that can never fit evicts nothing.
    const count = peers.counts.rememberedRequestIds;
    expect(
      refusalIn(peers.ask(ADDRESS, { payload: new Uint8Array(4 * MIB), noProducersAction: "WAIT" })),
    ).toMatchObject({ reason: "HELD_BYTES_LIMIT" });
    expect(peers.counts.rememberedRequestIds).toBe(count);
  });
});

describe("selector and context", () => {
  it("are charged while a request is pending, and dropped at its end", () => {
    const peers = new Peers({ maxPendingBytes: 150_000, peerShare: 0 });
    const selector = {
      producerIds: [],
      principals: [],
      matchLabels: [["k", "x".repeat(50_000)]] as const,
      maxTargets: 0,
    };
    const context = [["tracestate", "x".repeat(50_000)]] as const;
    const spec = { requestId: "mine", ttlMs: 100, noProducersAction: "WAIT" as const, selector };
    peers.ask(ADDRESS, spec, { context, digest: DIGEST });
    expect(peers.counts.pendingBytes).toBeGreaterThan(100_000);
    expect(peers.held.peerBytes).toBeGreaterThan(100_000);
    expect(refusalIn(peers.ask(ADDRESS, { ...spec, requestId: "" }, { context }))).toMatchObject({
      reason: "PENDING_BYTES_LIMIT",
    });
    peers.advance(101);

    expect(peers.counts.pendingBytes).toBe(0);
    expect(peers.held.peerBytes + peers.held.commonBytes).toBeLessThan(3_000);
  });

  it("are no part of a late delivery", () => {
    const peers = new Peers();
    const producer = opened(peers.producer(ADDRESS, ["t"]));
    const listener = opened(peers.listener(ADDRESS, ["t"]));
    peers.close(listener);
    const session = 900_000;
    peers.step({
      ...{ kind: "listenerOpened", session, sessionId: "", listenerId: "late", mintedId: "", topics: ["t"] },
      ...{ resumeFrom: [], includeLate: true, includeSummaries: false, overflowAction: "DROP_OLDEST" },
      ...{ bufferBytes: 0, group: "", peer: ADDRESS },
    });
    const effects = peers.ask(ADDRESS, { ttlMs: 100 }, { context: [["traceparent", "00-1-2-01"]] });
    const assigned = effects.find((effect) => effect.kind === "assign");
    expect(assigned?.context).toEqual([["traceparent", "00-1-2-01"]]);
    peers.advance(101);
    const late = peers.step({
      ...{ kind: "resultReturned", session: producer, assignment: assigned?.assignment ?? 0, more: false },
      ...{ assignmentText: undefined, failure: undefined, payload: new Uint8Array(1) },
    });

    expect(late.find((effect) => effect.kind === "deliver")).toMatchObject({ late: true, context: [] });
  });
});

describe("the records of ended requests", () => {
  it("keep the first 256 characters of a failure; the summary has all of them", () => {
    const peers = new Peers();
    opened(peers.producer(ADDRESS, ["t"], "p"));
    opened(peers.listener(ADDRESS, ["t"]));
    const caller = opened(peers.caller(ADDRESS));
    const effects = peers.submit(caller, { requestId: "mine" }, { gather: true, digest: DIGEST });
    peers.answer(effects, { code: 5, message: "e".repeat(1_000) });
    const seen = peers.dispatcher.inspector.request("mine")?.request.summary.outcomes?.[0]?.failure;

    expect(seen).toEqual({ code: 5, message: "e".repeat(256) });
    const again = peers.submit(caller, { requestId: "mine" }, { gather: true, digest: DIGEST });
    expect(summaryIn(again)?.outcomes?.[0]?.failure).toEqual(seen);
  });

  it.each([
    ["all of whose targets answered", true],
    ["whose targets may answer late", false],
  ])("of requests to 2,000 producers %s stay within their bytes", (_, isAnswered) => {
    const peers = new Peers({ recentRequests: 100, retainedBytes: 0 });
    for (let i = 0; i < 2_000; i++) opened(peers.producer(`10.1.${i >> 8}.${i & 255}`, ["t"]));
    for (let i = 0; i < 60; i++) {
      const effects = peers.ask(ADDRESS, { ttlMs: 10 });
      if (isAnswered) peers.answer(effects);
      peers.advance(11);
    }

    const recent = [...peers.dispatcher.inspector.requests(Number.POSITIVE_INFINITY, "", false)];
    expect(recent.length).toBeGreaterThan(1);
    expect(recent.length).toBeLessThan(10);
    expect(peers.held.commonBytes).toBeLessThan(3 * MIB);
  });

  it("shrink again after a request with many targets", () => {
    const peers = new Peers({ recentRequests: 10 });
    const many = Array.from({ length: 500 }, () => opened(peers.producer(ADDRESS, ["t"])));
    peers.answer(peers.ask(ADDRESS, {}));
    const large = peers.held.commonBytes;
    for (const session of many) peers.close(session);
    opened(peers.producer(ADDRESS, ["t"]));
    for (let i = 0; i < 20; i++) peers.answer(peers.ask(ADDRESS, {}));
    peers.advance(120_000);

    expect(large).toBeGreaterThan(50_000);
    expect(peers.held.commonBytes).toBeLessThan(10_000);
  });
});

describe("a session that remembers unanswered assignments", () => {
  it("is charged for them until they are forgotten", () => {
    const peers = new Peers({ rememberedAssignments: 4, recentRequests: 0 });
    const silent = opened(peers.producer(ADDRESS, ["t"]));
    const miss = () => {
      peers.ask(ADDRESS, { ttlMs: 10, topic: "t" });
      peers.advance(11);
      return peers.held.peerBytes;
    };
    const held = Array.from({ length: 12 }, miss);

    expect(held[3]).toBeGreaterThan((held[0] ?? 0) + 1_000);
    expect(new Set(held.slice(4)).size).toBe(1);
    peers.close(silent);
    peers.advance(120_000);
    peers.advance(120_000);
    expect(peers.held).toEqual({ peers: 0, peerBytes: 0, commonBytes: 0 });
  });
});
