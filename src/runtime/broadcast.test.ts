/**
 * The events of one listener keep their order, whatever else is encoded in the same turn of the event loop.
 */
import { describe, expect, it } from "vitest";
import { anyLedger } from "../../test/support/account.js";
import { COMPLETE_ALL, NO_CONTEXT, type SessionKey } from "../core/vocabulary/model.js";
import type { Batch, Sendable } from "../ports/batch.js";
import { Broadcast } from "./broadcast.js";
import { DispatcherRuntime } from "./dispatcher-runtime.js";
import { Outbox } from "./outbox.js";
import { ReplayQueue } from "./replay-queue.js";

const BOUND = { maxBytes: Number.POSITIVE_INFINITY, overflow: "SLOW_LISTENER", endsOnReject: false } as const;

/** Events as lines of text. */
class TextBatch implements Batch {
  private text = "";
  private payloadBytes = 0;

  get byteLength(): number {
    return this.text.length + this.payloadBytes;
  }

  append(effect: Sendable): void {
    if (effect.kind === "deliver") this.payloadBytes += effect.payload.byteLength;
    if (effect.kind === "deliver") this.text += `${effect.topic} ${effect.sequence}\n`;
    else if (effect.kind === "topicsChanged")
      this.text += `added ${effect.added} removed ${effect.removed}\n`;
    else if (effect.kind === "gap") this.text += `${effect.topic} lost ${effect.from} to ${effect.last}\n`;
    else this.text += `${effect.kind}\n`;
  }

  /** As long as the real message: payloads become zeros. */
  finish(): readonly Uint8Array[] {
    const message = Buffer.alloc(this.byteLength);
    message.write(this.text);
    return [message];
  }
}

interface Peer {
  readonly session: SessionKey;
  readonly received: () => readonly string[];
  /** The messages that its transport was given. */
  readonly messageCount: () => number;
  /** From now on, its transport accepts nothing. */
  readonly hold: () => void;
  readonly release: () => void;
}

/** A dispatcher with one producer and one request on each topic, which the producer may answer any number of times. */
function stage(
  topics: readonly string[],
  limits: { readonly retainedBytes?: number } = {},
  ttlMs: Readonly<Record<string, number>> = {},
) {
  let now = 0;
  const clock = { now: () => now, timeOfDay: (at: number) => at };
  const runtime = new DispatcherRuntime("s", { heartbeatMs: 1e12, ...limits }, () => new TextBatch(), clock);
  const open = (): Peer => {
    let text = "";
    let messageCount = 0;
    const unsent: (() => void)[] = [];
    let isHeld = false;
    const write = (parts: readonly Uint8Array[], sent: () => void) => {
      messageCount++;
      const take = () => {
        text += Buffer.concat(parts).toString().replaceAll("\0", "");
        sent();
      };
      if (isHeld) unsent.push(take);
      else take();
    };
    const session = runtime.openStream(
      {
        write,
        end: () => undefined,
        fail: () => undefined,
        closing: () => undefined,
        observe: () => () => true,
      },
      BOUND,
      "",
    );
    return {
      session,
      received: () => text.split("\n").slice(0, -1),
      messageCount: () => messageCount,
      hold: () => {
        isHeld = true;
      },
      release: () => {
        isHeld = false;
        for (let take = unsent.shift(); take; take = unsent.shift()) take();
      },
    };
  };
  const producer = open().session;
  const registrations = topics.map((topic) => ({ topic, group: "" }));
  runtime.submit({
    ...{ kind: "producerOpened", session: producer, sessionId: "", producerId: "p", mintedId: "" },
    ...{ displayName: "", labels: [], registrations, maxOutstanding: 0, maxBacklog: 0 },
    ...{ reportDispositions: false, peer: "" },
  });
  for (const topic of topics) {
    runtime.submit({
      ...{ kind: "requestSubmitted", session: 0, correlationId: undefined, mintedId: topic, gather: false },
      ...{
        excludeListeners: false,
        validateOnly: false,
        callDeadlineAt: undefined,
        digest: "",
        context: NO_CONTEXT,
      },
      spec: {
        ...{ topic, requestId: "", ttlMs: ttlMs[topic], completion: COMPLETE_ALL, selector: undefined },
        ...{ noProducersAction: "COMPLETE", payload: new Uint8Array() },
      },
    });
  }
  const answer = (topic: string, { more = true, bytes = 0 } = {}) =>
    runtime.submit({
      ...{
        kind: "resultReturned",
        session: producer,
        assignment: topics.indexOf(topic) + 1,
        assignmentText: "",
      },
      ...{ more, failure: undefined, payload: new Uint8Array(bytes) },
    });
  const setTime = (at: number) => {
    now = at;
  };
  return { runtime, open, answer, setTime };
}

const LISTENER = {
  kind: "listenerOpened" as const,
  ...{ sessionId: "", listenerId: "l", mintedId: "", includeLate: false, includeSummaries: false },
  ...{ overflowAction: "DROP_OLDEST" as const, bufferBytes: 0, peer: "" },
};

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("a listener that gets an event of its own,", () => {
  it("in a group: gets the added topic before its first delivery", async () => {
    const { runtime, open, answer } = stage(["a", "b"]);
    const { session, received } = open();
    runtime.submit({ ...LISTENER, session, topics: ["a"], resumeFrom: [], group: "g" });
    await nextTurn();

    answer("a");
    runtime.submit({ kind: "topicsUpdated", session, add: ["b"], remove: [] });
    answer("b");
    answer("a");
    await nextTurn();

    expect(received()).toEqual(["ready", "a 1", "added b removed ", "b 1", "a 2"]);
  });

  it("on several topics: gets each gap before the deliveries behind it", async () => {
    const { runtime, open, answer } = stage(["a", "b"], { retainedBytes: 512 });
    const topics = ["a", "b"];
    const first = open();
    runtime.submit({ ...LISTENER, session: first.session, topics, resumeFrom: [], group: "" });
    for (const topic of ["a", "b", "a", "b"]) answer(topic);
    await nextTurn();

    const { session, received } = open();
    const resumeFrom = topics.map((topic, i) => ({ topic, epoch: `s.${i + 1}`, sequence: 0 }));
    runtime.submit({ ...LISTENER, session, topics, resumeFrom, group: "" });
    await nextTurn();

    expect(received()).toEqual(["ready", "a lost 1 to 1", "a 2", "b lost 1 to 1", "b 2"]);
  });

  it("in a group, reading too slowly: gets no delivery that a gap has reported as lost", async () => {
    const { runtime, open, answer } = stage(["a", "b"]);
    const peer = open();
    const listener = { ...LISTENER, includeSummaries: true, bufferBytes: 40_000, group: "g", resumeFrom: [] };
    runtime.submit({ ...listener, session: peer.session, topics: ["a", "b"] });
    await nextTurn();
    peer.hold();
    // Exactly the limit of bytes in flight.
    answer("a", { bytes: 1024 * 1024 });
    await nextTurn();
    for (const [topic, more] of [
      ["b", true],
      ["b", false],
      ["a", true],
      ["a", true],
      ["a", true],
    ] as const) {
      answer(topic, { more, bytes: 16_000 });
      await nextTurn();
    }
    answer("b", { bytes: 0 });
    peer.release();

    expect(peer.received()).toEqual([
      "ready",
      "a 1",
      "b lost 1 to 2",
      "a lost 2 to 2",
      "summarize",
      "a 3",
      "a 4",
    ]);
  });
});

describe("a listener that drops results instead of being disconnected", () => {
  it("keeps its stream when one turn exceeds its buffer behind a summary", async () => {
    const { runtime, open, answer } = stage(["a", "b"]);
    const peer = open();
    const listener = { ...LISTENER, includeSummaries: true, bufferBytes: 40_000, group: "", resumeFrom: [] };
    runtime.submit({ ...listener, session: peer.session, topics: ["a", "b"] });
    await nextTurn();
    peer.hold();
    // Exactly the limit of bytes in flight.
    answer("a", { bytes: 1024 * 1024 });
    await nextTurn();
    answer("b", { more: false });
    await nextTurn();
    answer("a", { bytes: 80_000 });
    await nextTurn();
    peer.release();

    expect(peer.received()).toEqual(["ready", "a 1", "b lost 1 to 1", "summarize", "a 2"]);
  });
});

describe("topics whose deliveries share chunks", () => {
  it("are announced before their first delivery to listeners that match them by a pattern", async () => {
    const { runtime, open, answer } = stage(["t.a", "t.b"]);
    const peers = [open(), open()];
    for (const [i, { session }] of peers.entries()) {
      const named = { listenerId: `l${i}`, topics: ["t.*"], resumeFrom: [], group: "" };
      runtime.submit({ ...LISTENER, ...named, session });
    }
    await nextTurn();

    for (const topic of ["t.a", "t.b", "t.a", "t.b"]) answer(topic);
    await nextTurn();

    const begins = "added  removed ";
    for (const { received } of peers) {
      expect(received()).toEqual(["ready", begins, "t.a 1", begins, "t.b 1", "t.a 2", "t.b 2"]);
    }
  });

  it("keep their order for the remaining listeners when one leaves", async () => {
    const { runtime, open, answer } = stage(["a", "b"]);
    const [remaining, leaving] = [open(), open()];
    const listener = { ...LISTENER, resumeFrom: [], group: "" };
    runtime.submit({ ...listener, listenerId: "l1", session: remaining.session, topics: ["a", "b"] });
    runtime.submit({ ...listener, listenerId: "l2", session: leaving.session, topics: ["b"] });
    await nextTurn();

    answer("a");
    answer("b");
    runtime.submit({ kind: "topicsUpdated", session: leaving.session, add: [], remove: ["b"] });
    answer("b");
    answer("a");
    await nextTurn();

    expect(remaining.received()).toEqual(["ready", "a 1", "b 1", "b 2", "a 2"]);
    expect(leaving.received()).toEqual(["ready", "b 1", "added  removed b"]);
  });

  it("follow the event that a listener has joined them", async () => {
    const { runtime, open, answer } = stage(["a", "b"]);
    const [first, joining] = [open(), open()];
    const listener = { ...LISTENER, resumeFrom: [], group: "" };
    runtime.submit({ ...listener, listenerId: "l1", session: first.session, topics: ["a", "b"] });
    runtime.submit({ ...listener, listenerId: "l2", session: joining.session, topics: ["a"] });
    await nextTurn();

    answer("a");
    runtime.submit({ kind: "topicsUpdated", session: joining.session, add: ["b"], remove: [] });
    answer("b");
    answer("a");
    await nextTurn();

    expect(joining.received()).toEqual(["ready", "a 1", "added b removed ", "b 1", "a 2"]);
  });

  it("report to a slow listener the losses of each topic", async () => {
    const { runtime, open, answer } = stage(["a", "b"]);
    const peer = open();
    const listener = { ...LISTENER, bufferBytes: 40_000, group: "", resumeFrom: [] };
    runtime.submit({ ...listener, session: peer.session, topics: ["a", "b"] });
    await nextTurn();
    peer.hold();
    // Exactly the limit of bytes in flight.
    answer("a", { bytes: 1024 * 1024 });
    await nextTurn();
    for (const topic of ["a", "b", "a"]) answer(topic, { bytes: 8_000 });
    await nextTurn();
    answer("b", { bytes: 30_000 });
    await nextTurn();
    peer.release();

    expect(peer.received()).toEqual(["ready", "a 1", "a lost 2 to 3", "b lost 1 to 1", "b 2"]);
  });
});

describe("late deliveries and summaries", () => {
  it("are never added to a chunk that precedes timely deliveries", async () => {
    const { runtime, open, answer, setTime } = stage(["a", "b"], {}, { a: 10 });
    const [all, timely] = [open(), open()];
    const listener = { ...LISTENER, topics: ["a", "b"], resumeFrom: [], group: "" };
    const includes = { includeLate: true, includeSummaries: true };
    runtime.submit({ ...listener, ...includes, listenerId: "l1", session: all.session });
    runtime.submit({ ...listener, listenerId: "l2", session: timely.session });
    await nextTurn();

    setTime(11);
    answer("a");
    answer("b");
    answer("a", { more: false });
    answer("b", { more: false });
    await nextTurn();

    expect(all.received()).toEqual(["ready", "summarize", "a 0", "b 1", "b 2", "a 0", "summarize"]);
    expect(timely.received()).toEqual(["ready", "b 1", "b 2"]);
  });
});

describe("a stream whose transport takes nothing", () => {
  it("has 32 messages on their way, and what waits for it becomes one message", async () => {
    const { runtime, open, answer } = stage(["a"]);
    const slow = open();
    runtime.submit({ ...LISTENER, session: slow.session, topics: ["a"], resumeFrom: [], group: "" });
    await nextTurn();
    slow.hold();
    for (let i = 0; i < 100; i++) {
      answer("a");
      await nextTurn();
    }
    expect(slow.messageCount()).toBe(1 + 32);

    slow.release();
    expect(slow.messageCount()).toBe(1 + 32 + 1);
    expect(slow.received()).toHaveLength(101);
  });
});

describe("a turn in which many streams have something to send", () => {
  it("sends to 256 of them, and peers take turns", () => {
    const ledger = anyLedger();
    const written: string[] = [];
    const newBatch = () => new TextBatch();
    const open = (peer: string, key: number): Outbox => {
      const sink = {
        ...{ write: () => written.push(peer), end: () => undefined, fail: () => undefined },
        ...{ closing: () => undefined, observe: () => () => true },
      };
      const services = { newBatch, onOverflow: () => undefined, onWritten: () => undefined };
      const replays = new ReplayQueue(newBatch, () => ({ gap: undefined, deliveries: [], next: 1 }));
      return new Outbox({ key, sink, account: ledger.open(peer) }, BOUND, replays, services);
    };
    const broadcast = new Broadcast(newBatch, () => undefined, ledger);
    const busy = Array.from({ length: 1_000 }, (_, i) => open("busy", i));
    for (const outbox of [...busy, open("other", 2_000)]) {
      broadcast.send(outbox, { kind: "topicsChanged", to: outbox.key, added: [], removed: [], cursors: [] });
    }

    broadcast.flush();
    expect(written).toHaveLength(256);
    expect(written.indexOf("other")).toBeLessThan(3);

    for (let i = 0; i < 3; i++) broadcast.flush();
    expect(written).toHaveLength(1_001);
  });
});
