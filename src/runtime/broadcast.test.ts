/**
 * What is said to one listener stays in its order, whatever else is being encoded in the same turn of the event loop.
 */
import { describe, expect, it } from "vitest";
import { COMPLETE_ALL, NO_CONTEXT, type SessionKey } from "../core/vocabulary/model.js";
import type { Batch, Sendable } from "../ports/batch.js";
import { DispatcherRuntime } from "./dispatcher-runtime.js";

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

  /** As long as what it stands for; what is not text are zeros. */
  finish(): Uint8Array {
    const message = Buffer.alloc(this.byteLength);
    message.write(this.text);
    return message;
  }
}

interface Peer {
  readonly session: SessionKey;
  readonly heard: () => readonly string[];
  /** Its transport takes nothing any more. */
  readonly hold: () => void;
  readonly release: () => void;
}

/** A dispatcher with one producer and one request on each topic, which it answers as often as it likes. */
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
    const untaken: (() => void)[] = [];
    let isHeld = false;
    const write = (parts: readonly Uint8Array[], sent: () => void) => {
      const take = () => {
        text += Buffer.concat(parts).toString().replaceAll("\0", "");
        sent();
      };
      if (isHeld) untaken.push(take);
      else take();
    };
    const session = runtime.openStream({ write, end: () => undefined, closing: () => undefined }, BOUND);
    return {
      session,
      heard: () => text.split("\n").slice(0, -1),
      hold: () => {
        isHeld = true;
      },
      release: () => {
        isHeld = false;
        for (let take = untaken.shift(); take; take = untaken.shift()) take();
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

const turnOfTheLoop = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("a listener that is told something for itself,", () => {
  it("in a group: hears of an added topic before its first delivery", async () => {
    const { runtime, open, answer } = stage(["a", "b"]);
    const { session, heard } = open();
    runtime.submit({ ...LISTENER, session, topics: ["a"], resumeFrom: [], group: "g" });
    await turnOfTheLoop();

    answer("a");
    runtime.submit({ kind: "topicsUpdated", session, add: ["b"], remove: [] });
    answer("b");
    answer("a");
    await turnOfTheLoop();

    expect(heard()).toEqual(["ready", "a 1", "added b removed ", "b 1", "a 2"]);
  });

  it("on several topics: hears of each gap before the deliveries behind it", async () => {
    const { runtime, open, answer } = stage(["a", "b"], { retainedBytes: 512 });
    const topics = ["a", "b"];
    const first = open();
    runtime.submit({ ...LISTENER, session: first.session, topics, resumeFrom: [], group: "" });
    for (const topic of ["a", "b", "a", "b"]) answer(topic);
    await turnOfTheLoop();

    const { session, heard } = open();
    const resumeFrom = topics.map((topic, i) => ({ topic, epoch: `s.${i + 1}`, sequence: 0 }));
    runtime.submit({ ...LISTENER, session, topics, resumeFrom, group: "" });
    await turnOfTheLoop();

    expect(heard()).toEqual(["ready", "a lost 1 to 1", "a 2", "b lost 1 to 1", "b 2"]);
  });

  it("in a group, reading too slowly: gets nothing of what a gap has told lost", async () => {
    const { runtime, open, answer } = stage(["a", "b"]);
    const peer = open();
    const listener = { ...LISTENER, includeSummaries: true, bufferBytes: 40_000, group: "g", resumeFrom: [] };
    runtime.submit({ ...listener, session: peer.session, topics: ["a", "b"] });
    await turnOfTheLoop();
    peer.hold();
    // As much as is given to the transport at a time.
    answer("a", { bytes: 1024 * 1024 });
    await turnOfTheLoop();
    for (const [topic, more] of [
      ["b", true],
      ["b", false],
      ["a", true],
      ["a", true],
      ["a", true],
    ] as const) {
      answer(topic, { more, bytes: 16_000 });
      await turnOfTheLoop();
    }
    answer("b", { bytes: 0 });
    peer.release();

    expect(peer.heard()).toEqual([
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

describe("a listener that would rather lose results than its stream", () => {
  it("keeps it though one turn alone brings more than its buffer, behind a summary", async () => {
    const { runtime, open, answer } = stage(["a", "b"]);
    const peer = open();
    const listener = { ...LISTENER, includeSummaries: true, bufferBytes: 40_000, group: "", resumeFrom: [] };
    runtime.submit({ ...listener, session: peer.session, topics: ["a", "b"] });
    await turnOfTheLoop();
    peer.hold();
    // As much as is given to the transport at a time.
    answer("a", { bytes: 1024 * 1024 });
    await turnOfTheLoop();
    answer("b", { more: false });
    await turnOfTheLoop();
    answer("a", { bytes: 80_000 });
    await turnOfTheLoop();
    peer.release();

    expect(peer.heard()).toEqual(["ready", "a 1", "b lost 1 to 1", "summarize", "a 2"]);
  });
});

describe("topics whose deliveries travel together", () => {
  it("begin for those who did not name them before their first delivery", async () => {
    const { runtime, open, answer } = stage(["t.a", "t.b"]);
    const peers = [open(), open()];
    for (const [i, { session }] of peers.entries()) {
      const named = { listenerId: `l${i}`, topics: ["t.*"], resumeFrom: [], group: "" };
      runtime.submit({ ...LISTENER, ...named, session });
    }
    await turnOfTheLoop();

    for (const topic of ["t.a", "t.b", "t.a", "t.b"]) answer(topic);
    await turnOfTheLoop();

    const begins = "added  removed ";
    for (const { heard } of peers) {
      expect(heard()).toEqual(["ready", begins, "t.a 1", begins, "t.b 1", "t.a 2", "t.b 2"]);
    }
  });

  it("keep their order for those who stay when one leaves", async () => {
    const { runtime, open, answer } = stage(["a", "b"]);
    const [stays, leaves] = [open(), open()];
    const listener = { ...LISTENER, resumeFrom: [], group: "" };
    runtime.submit({ ...listener, listenerId: "l1", session: stays.session, topics: ["a", "b"] });
    runtime.submit({ ...listener, listenerId: "l2", session: leaves.session, topics: ["b"] });
    await turnOfTheLoop();

    answer("a");
    answer("b");
    runtime.submit({ kind: "topicsUpdated", session: leaves.session, add: [], remove: ["b"] });
    answer("b");
    answer("a");
    await turnOfTheLoop();

    expect(stays.heard()).toEqual(["ready", "a 1", "b 1", "b 2", "a 2"]);
    expect(leaves.heard()).toEqual(["ready", "b 1", "added  removed b"]);
  });

  it("come behind the word that a listener has joined them", async () => {
    const { runtime, open, answer } = stage(["a", "b"]);
    const [first, joins] = [open(), open()];
    const listener = { ...LISTENER, resumeFrom: [], group: "" };
    runtime.submit({ ...listener, listenerId: "l1", session: first.session, topics: ["a", "b"] });
    runtime.submit({ ...listener, listenerId: "l2", session: joins.session, topics: ["a"] });
    await turnOfTheLoop();

    answer("a");
    runtime.submit({ kind: "topicsUpdated", session: joins.session, add: ["b"], remove: [] });
    answer("b");
    answer("a");
    await turnOfTheLoop();

    expect(joins.heard()).toEqual(["ready", "a 1", "added b removed ", "b 1", "a 2"]);
  });

  it("tell a listener that reads too slowly of each of them what it lost", async () => {
    const { runtime, open, answer } = stage(["a", "b"]);
    const peer = open();
    const listener = { ...LISTENER, bufferBytes: 40_000, group: "", resumeFrom: [] };
    runtime.submit({ ...listener, session: peer.session, topics: ["a", "b"] });
    await turnOfTheLoop();
    peer.hold();
    // As much as is given to the transport at a time.
    answer("a", { bytes: 1024 * 1024 });
    await turnOfTheLoop();
    for (const topic of ["a", "b", "a"]) answer(topic, { bytes: 8_000 });
    await turnOfTheLoop();
    answer("b", { bytes: 30_000 });
    await turnOfTheLoop();
    peer.release();

    expect(peer.heard()).toEqual(["ready", "a 1", "a lost 2 to 3", "b lost 1 to 1", "b 2"]);
  });
});

describe("what must come after the deliveries in time", () => {
  it("is not added to what was begun before them, be it late or a summary", async () => {
    const { runtime, open, answer, setTime } = stage(["a", "b"], {}, { a: 10 });
    const [hearsAll, hearsInTime] = [open(), open()];
    const listener = { ...LISTENER, topics: ["a", "b"], resumeFrom: [], group: "" };
    const includes = { includeLate: true, includeSummaries: true };
    runtime.submit({ ...listener, ...includes, listenerId: "l1", session: hearsAll.session });
    runtime.submit({ ...listener, listenerId: "l2", session: hearsInTime.session });
    await turnOfTheLoop();

    setTime(11);
    answer("a");
    answer("b");
    answer("a", { more: false });
    answer("b", { more: false });
    await turnOfTheLoop();

    expect(hearsAll.heard()).toEqual(["ready", "summarize", "a 0", "b 1", "b 2", "a 0", "summarize"]);
    expect(hearsInTime.heard()).toEqual(["ready", "b 1", "b 2"]);
  });
});
