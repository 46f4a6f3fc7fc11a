/**
 * A returning listener, from the input to its transport: events as text, a clock that stands still, and a transport that
 * accepts messages only when the test says so.
 */
import { describe, expect, it } from "vitest";
import type { Limits } from "../core/vocabulary/limits.js";
import { COMPLETE_ALL, NO_CONTEXT, type OverflowAction, type SessionKey } from "../core/vocabulary/model.js";
import type { Refusal } from "../core/vocabulary/reason.js";
import type { Batch, Sendable } from "../ports/batch.js";
import type { Sink } from "../ports/sink.js";
import { DispatcherRuntime } from "./dispatcher-runtime.js";

const KIB = 1_024;
const BOUND = { maxBytes: Number.POSITIVE_INFINITY, overflow: "SLOW_LISTENER", endsOnReject: false } as const;
const EPOCH = "s.1";

/** Events as lines of text; a delivery is padded to the size of its payload. */
class TextBatch implements Batch {
  private readonly lines: string[] = [];
  byteLength = 0;

  append(effect: Sendable): void {
    const bytes = effect.kind === "deliver" ? effect.payload.byteLength : 0;
    const line = lineOf(effect);
    this.lines.push(line.padEnd(bytes));
    this.byteLength += Math.max(line.length, bytes) + 1;
  }

  finish(): readonly Uint8Array[] {
    return [Buffer.from(this.lines.map((line) => `${line}\n`).join(""))];
  }
}

function lineOf(effect: Sendable): string {
  switch (effect.kind) {
    case "deliver":
      return `${effect.topic} ${effect.sequence}`;
    case "gap":
      return `${effect.topic} ${effect.reason} ${effect.from}..${effect.last} lost=${effect.lostCount}`;
    case "heartbeat":
    case "topicsChanged":
      return `${effect.kind} ${effect.cursors.map(({ topic, sequence }) => `${topic}:${sequence}`).join(" ")}`;
    default:
      return effect.kind;
  }
}

/** A peer whose transport accepts messages only through `read`. */
class Peer implements Sink {
  private unsent: (() => void)[] = [];
  private text = "";
  /** Bytes in flight. */
  inFlightBytes = 0;
  isClosing = false;
  readonly observe = () => () => true;
  ended: Refusal | "OK" | undefined;

  write(parts: readonly Uint8Array[], sent: () => void): void {
    const message = Buffer.concat(parts);
    this.inFlightBytes += message.byteLength;
    this.unsent.push(() => {
      this.inFlightBytes -= message.byteLength;
      this.text += message.toString();
      sent();
    });
  }

  closing(): void {
    this.isClosing = true;
  }

  end(refusal: Refusal | undefined): void {
    this.ended = refusal ?? "OK";
  }

  fail(bug: unknown): void {
    throw bug;
  }

  /** Accepts messages until none is left; accepting one may bring the next. */
  read(max = Number.POSITIVE_INFINITY): void {
    for (let i = 0; i < max; i++) {
      const take = this.unsent.shift();
      if (!take) return;
      take();
    }
  }

  /** The received events. */
  get events(): readonly string[] {
    return this.text
      .split("\n")
      .slice(0, -1)
      .map((line) => line.trimEnd());
  }
}

/** A dispatcher with one producer on every topic, and one request per topic, which may get any number of answers. */
class Stage {
  readonly runtime: DispatcherRuntime;
  readonly producer: SessionKey;
  private now = 0;
  private readonly assignments = new Map<string, number>();

  constructor(limits: Partial<Limits> = {}) {
    const clock = { now: () => this.now, timeOfDay: (at: number) => at };
    const newBatch = (): Batch => new TextBatch();
    this.runtime = new DispatcherRuntime(
      "s",
      { maxTtlMs: 1e9, heartbeatMs: 1e12, ...limits },
      newBatch,
      clock,
    );
    this.producer = this.runtime.openStream(new Peer(), BOUND, "");
    this.runtime.submit({
      ...{ kind: "producerOpened", session: this.producer, sessionId: "", producerId: "p", mintedId: "" },
      ...{ displayName: "", labels: [], registrations: [{ topic: "*", group: "" }], maxOutstanding: 0 },
      ...{ maxBacklog: 0, reportDispositions: false, peer: "" },
    });
  }

  listen(
    topics: readonly string[],
    resumeFrom: Readonly<Record<string, number>>,
    options: { readonly overflowAction?: OverflowAction; readonly summaries?: boolean } = {},
  ): { readonly peer: Peer; readonly session: SessionKey } {
    const peer = new Peer();
    const session = this.runtime.openStream(peer, BOUND, "");
    this.runtime.submit({
      ...{ kind: "listenerOpened", session, sessionId: "", listenerId: `l${session}`, mintedId: "", topics },
      resumeFrom: Object.entries(resumeFrom).map(([topic, sequence]) => ({ topic, epoch: EPOCH, sequence })),
      ...{ includeLate: false, includeSummaries: options.summaries ?? false, group: "", peer: "" },
      ...{ overflowAction: options.overflowAction ?? "DROP_OLDEST", bufferBytes: 16 * KIB },
    });
    return { peer, session };
  }

  /** Returns results of the topic's one request. */
  publish(topic: string, count: number, bytes: number, isLast = false): void {
    if (!this.assignments.has(topic)) this.request(topic);
    for (let i = 0; i < count; i++) {
      this.runtime.submit({
        ...{ kind: "resultReturned", session: this.producer, assignmentText: "", failure: undefined },
        assignment: this.assignments.get(topic) ?? 0,
        more: !(isLast && i === count - 1),
        payload: new Uint8Array(bytes),
      });
    }
  }

  advance(ms: number): void {
    this.now += ms;
    this.runtime.submit({ kind: "clockAdvanced" });
  }

  /** Ends the event-loop turn, which flushes the queues. */
  async endTurn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  private request(topic: string): void {
    this.assignments.set(topic, this.assignments.size + 1);
    this.runtime.submit({
      ...{ kind: "requestSubmitted", session: 0, correlationId: undefined, digest: "", mintedId: topic },
      ...{ gather: false, excludeListeners: false, validateOnly: false, callDeadlineAt: undefined },
      context: NO_CONTEXT,
      spec: {
        ...{ topic, ttlMs: 1e8, requestId: "", completion: COMPLETE_ALL, selector: undefined },
        ...{ noProducersAction: "COMPLETE", payload: new Uint8Array(1) },
      },
    });
  }
}

function numbered(topic: string, from: number, last: number): readonly string[] {
  return Array.from({ length: last - from + 1 }, (_, i) => `${topic} ${from + i}`);
}

describe("a listener that resumes", () => {
  it("gets all retained deliveries, topic by topic, even if they exceed its buffer", async () => {
    const stage = new Stage();
    stage.listen(["t"], {});
    stage.publish("t", 500, 4 * KIB);
    const { peer } = stage.listen(["t", "u"], { t: 100 });
    await stage.endTurn();
    peer.read();

    expect(peer.events).toEqual(["ready", ...numbered("t", 101, 500)]);
  });

  it("gets a delivery that is larger than a slice, and new deliveries behind it", async () => {
    const stage = new Stage();
    stage.listen(["t"], {});
    stage.publish("t", 3, 300 * KIB);
    const { peer } = stage.listen(["t"], { t: 0 });
    stage.publish("t", 1, KIB);
    await stage.endTurn();
    peer.read();

    expect(peer.events).toEqual(["ready", ...numbered("t", 1, 4)]);
  });

  it("loses the oldest new deliveries, and gets their gap behind the retained ones", async () => {
    const stage = new Stage();
    stage.listen(["t"], {});
    stage.publish("t", 100, 4 * KIB);
    const { peer } = stage.listen(["t"], { t: 0 });
    await stage.endTurn();
    for (let i = 0; i < 20; i++) {
      stage.publish("t", 1, 4 * KIB);
      await stage.endTurn();
    }
    peer.read();

    const [gap, ...rest] = peer.events.slice(101);
    expect(peer.events.slice(0, 101)).toEqual(["ready", ...numbered("t", 1, 100)]);
    expect(gap).toBe("t SLOW_LISTENER 101..117 lost=17");
    expect(rest).toEqual(numbered("t", 118, 120));
  });

  it("gets a gap in place of the deliveries that left the log before they were sent", async () => {
    const stage = new Stage({ retainedBytes: 94 * (4 * KIB + 256) });
    stage.listen(["t"], {});
    stage.publish("t", 90, 4 * KIB);
    const { peer } = stage.listen(["t"], { t: 0 });
    await stage.endTurn();
    const ahead = Math.floor(peer.inFlightBytes / (4 * KIB));
    stage.publish("u", 50, 4 * KIB);
    peer.read();

    const gaps = peer.events.filter((event) => event.includes("RETENTION"));
    expect(gaps).toEqual([`t RETENTION ${ahead + 1}..46 lost=${46 - ahead}`]);
    expect(peer.events).toEqual(["ready", ...numbered("t", 1, ahead), gaps[0], ...numbered("t", 47, 90)]);
  });

  it("gets a gap for deliveries that expired while it did not read", async () => {
    const stage = new Stage({ retainedMs: 1_000 });
    stage.listen(["t"], {});
    stage.publish("t", 50, 4 * KIB);
    const { peer } = stage.listen(["t"], { t: 0 });
    await stage.endTurn();
    const ahead = Math.floor(peer.inFlightBytes / (4 * KIB));
    stage.advance(5_000);
    peer.read();

    const gap = `t RETENTION ${ahead + 1}..50 lost=${50 - ahead}`;
    expect(peer.events).toEqual(["ready", ...numbered("t", 1, ahead), gap]);
  });

  it("gets the cursors of topics only behind their pending deliveries", async () => {
    const stage = new Stage({ heartbeatMs: 1_000, retainedMs: 1e9 });
    stage.listen(["t"], {});
    stage.publish("t", 50, 4 * KIB);
    const { peer, session } = stage.listen(["t"], { t: 0 }, { summaries: true });
    stage.runtime.submit({ kind: "topicsUpdated", session, add: ["*"], remove: [] });
    stage.publish("t", 1, KIB, true);
    stage.advance(1_001);
    await stage.endTurn();
    peer.read();

    expect(peer.events).toEqual([
      "ready",
      ...numbered("t", 1, 50),
      "topicsChanged t:50",
      "t 51",
      "summarize",
      "heartbeat t:51",
    ]);
  });

  it("is disconnected only for new deliveries, if it chose that, and can resume again", async () => {
    const stage = new Stage();
    stage.listen(["t"], {});
    stage.publish("t", 100, 4 * KIB);
    const { peer } = stage.listen(["t"], { t: 0 }, { overflowAction: "DISCONNECT" });
    await stage.endTurn();
    expect(peer.ended).toBeUndefined();
    for (let i = 0; i < 20; i++) {
      stage.publish("t", 1, 4 * KIB);
      await stage.endTurn();
    }
    expect(peer.ended).toMatchObject({ reason: "SLOW_LISTENER" });
    peer.read();
    const received = peer.events.length - 1;
    const again = stage.listen(["t"], { t: received }, { overflowAction: "DISCONNECT" });
    await stage.endTurn();
    again.peer.read();

    expect([...peer.events, ...again.peer.events.slice(1)]).toEqual(["ready", ...numbered("t", 1, 120)]);
  });

  it("gets everything before a shutdown ends its stream", async () => {
    const stage = new Stage();
    stage.listen(["t"], {});
    stage.publish("t", 100, 4 * KIB);
    const { peer } = stage.listen(["t"], { t: 0 });
    await stage.endTurn();
    await stage.runtime.drain(0);
    await stage.endTurn();
    expect([peer.isClosing, peer.ended]).toEqual([true, undefined]);
    peer.read();

    expect(peer.events.slice(0, 101)).toEqual(["ready", ...numbered("t", 1, 100)]);
    expect(peer.events).toContain("goAway");
    expect(peer.ended).toMatchObject({ reason: "SHUTTING_DOWN" });
    stage.runtime.stop();
  });

  it("gets nothing more once its session is closed", async () => {
    const stage = new Stage();
    stage.listen(["t"], {});
    stage.publish("t", 100, 4 * KIB);
    const { peer, session } = stage.listen(["t"], { t: 0 });
    await stage.endTurn();
    stage.runtime.close(session);
    const { inFlightBytes } = peer;
    peer.read();

    expect(peer.inFlightBytes).toBe(0);
    expect(peer.events.length).toBeLessThan(1 + Math.ceil(inFlightBytes / (4 * KIB)) + 1);
  });

  it("keeps no part of the log in memory while it does not read, and neither do a thousand of them", async () => {
    const stage = new Stage();
    stage.listen(["t"], {});
    stage.publish("t", 1_000, 4 * KIB);
    const peers = Array.from({ length: 1_000 }, () => stage.listen(["t"], { t: 0 }));
    // A turn sends to 256 streams.
    for (let i = 0; i < 5; i++) await stage.endTurn();

    const held = peers.map(({ peer }) => peer.inFlightBytes);
    const queued = peers.map(({ session }) => stage.runtime.queueOf(session).queuedBytes);
    expect(Math.max(...held)).toBeLessThan(130 * KIB);
    expect(Math.max(...queued)).toBe(0);
    peers[0]?.peer.read();
    expect(peers[0]?.peer.events).toEqual(["ready", ...numbered("t", 1, 1_000)]);
  });
});
