/**
 * What waits for peers is charged to the ledger: the runtime with its real messages, and transports that accept nothing
 * until the test says so.
 */
import { describe, expect, it } from "vitest";
import { COMPLETE_ALL, NO_CONTEXT, type SessionKey } from "../../src/core/vocabulary/model.js";
import type { Refusal } from "../../src/core/vocabulary/reason.js";
import { EventBatch } from "../../src/grpc/wire/encode.js";
import { createEncodeContext } from "../../src/grpc/wire/encode-context.js";
import { DispatcherRuntime } from "../../src/runtime/dispatcher-runtime.js";

const KIB = 1_024;
const MIB = 1_024 * KIB;
const BOUND = { maxBytes: 64 * MIB, overflow: "SLOW_CALLER", endsOnReject: false } as const;
/** Address of the honest peers, and of the others. */
const [HONEST, OTHER] = ["10.0.0.1:1", "10.0.0.2:1"];

const clock = { now: () => 0, timeOfDay: (at: number) => at };
const facts = { clock, serverId: "s", heartbeatMs: 1e12, maxMessageBytes: 4 * MIB };
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Peer {
  readonly session: SessionKey;
  /** Messages that its transport holds. */
  readonly unsent: { readonly parts: readonly Uint8Array[]; readonly sent: () => void }[];
  readonly ended: () => Refusal | undefined;
  /** Takes everything that waits. */
  readonly read: () => string;
}

class Stage {
  readonly runtime: DispatcherRuntime;
  readonly peers: Peer[] = [];
  private readonly producer: SessionKey;
  private assignmentCount = 0;

  constructor(maxHeldBytes: number) {
    const encoding = createEncodeContext(facts);
    const limits = { heartbeatMs: 1e12, maxHeldBytes, retainedBytes: 0 };
    this.runtime = new DispatcherRuntime("s", limits, (min) => new EventBatch(encoding, min), clock);
    this.producer = this.open(HONEST).session;
    this.runtime.submit({
      ...{ kind: "producerOpened", session: this.producer, sessionId: "", producerId: "p", mintedId: "" },
      ...{ displayName: "", labels: [], registrations: [{ topic: ">", group: "" }], maxOutstanding: 0 },
      ...{ maxBacklog: 0, reportDispositions: false, peer: HONEST },
    });
  }

  listen(topic: string, peer: string): Peer {
    const opened = this.open(peer);
    this.runtime.submit({
      ...{ kind: "listenerOpened", session: opened.session, sessionId: "", listenerId: `l${opened.session}` },
      ...{ mintedId: "", topics: [topic], resumeFrom: [], includeLate: false, includeSummaries: false },
      ...{ overflowAction: "DROP_OLDEST", bufferBytes: 64 * MIB, group: "", peer },
    });
    return opened;
  }

  /** Opens the gather of a request of its own. @returns the caller, and the request's assignment. */
  gather(topic: string, peer: string): Peer & { readonly assignment: number } {
    const opened = this.open(peer);
    this.runtime.submit({ kind: "callerOpened", session: opened.session, peer });
    return { ...opened, assignment: this.request(topic, opened.session) };
  }

  /** @returns the assignment. */
  request(topic: string, gatherer?: SessionKey): number {
    const assignment = ++this.assignmentCount;
    const gather = gatherer !== undefined;
    this.runtime.submit({
      ...{ kind: "requestSubmitted", session: gatherer ?? 0, correlationId: gather ? "c" : undefined },
      ...{ mintedId: `r${assignment}`, gather, excludeListeners: false, validateOnly: false, digest: "" },
      ...{ callDeadlineAt: undefined, context: NO_CONTEXT },
      spec: {
        ...{ topic, requestId: "", ttlMs: undefined, completion: COMPLETE_ALL, selector: undefined },
        ...{ noProducersAction: "COMPLETE", payload: new Uint8Array(1) },
      },
    });
    return assignment;
  }

  async answer(assignment: number, byteLength: number): Promise<void> {
    this.runtime.submit({
      ...{
        kind: "resultReturned",
        session: this.producer,
        assignment,
        assignmentText: undefined,
        more: true,
      },
      ...{ failure: undefined, payload: new Uint8Array(byteLength) },
    });
    await nextTurn();
  }

  get charged(): { readonly peerBytes: number; readonly commonBytes: number } {
    const { peerBytes, commonBytes } = this.runtime.snapshot().held;
    return { peerBytes, commonBytes };
  }

  /** Bytes that the queues and the transports of all peers hold, if nothing is shared. */
  get waitingBytes(): number {
    let bytes = 0;
    for (const { session, unsent } of this.peers) {
      bytes += this.runtime.queueOf(session).queuedBytes;
      for (const { parts } of unsent) for (const part of parts) bytes += part.length;
    }
    return bytes;
  }

  private open(peer: string): Peer {
    const unsent: Peer["unsent"] = [];
    let ended: Refusal | undefined;
    const session = this.runtime.openStream(
      {
        write: (parts, sent) => void unsent.push({ parts, sent }),
        end: (refusal) => {
          ended = refusal;
        },
        fail: () => undefined,
        closing: () => undefined,
        observe: () => () => true,
      },
      BOUND,
      peer,
    );
    const read = (): string => {
      let text = "";
      for (let next = unsent.shift(); next; next = unsent.shift()) {
        text += Buffer.concat(next.parts).toString();
        next.sent();
      }
      return text;
    };
    const opened = { session, unsent, ended: () => ended, read };
    this.peers.push(opened);
    return opened;
  }
}

describe("results that wait", () => {
  it("are charged once, however many listeners they wait for: to the one peer, or to none", async () => {
    const stage = new Stage(0);
    for (let i = 0; i < 50; i++) stage.listen("one", HONEST);
    for (let i = 0; i < 50; i++) stage.listen("two", i % 2 === 0 ? HONEST : OTHER);
    const [one, two] = [stage.request("one"), stage.request("two")];
    await nextTurn();
    const before = stage.charged;
    for (let i = 0; i < 100; i++) await stage.answer(one, 9 * KIB);
    await stage.answer(one, MIB);
    const afterOne = stage.charged;
    for (let i = 0; i < 100; i++) await stage.answer(two, 9 * KIB);
    await stage.answer(two, MIB);

    const bytes = 900 * KIB + MIB;
    // Each message on its way is charged for its buffers.
    const messageBytes = 50 * 110 * KIB;
    expect(afterOne.commonBytes).toBe(before.commonBytes);
    expect(afterOne.peerBytes - before.peerBytes).toBeGreaterThan(bytes);
    expect(afterOne.peerBytes - before.peerBytes).toBeLessThan(1.1 * bytes + messageBytes);
    expect(stage.charged.commonBytes - before.commonBytes).toBeGreaterThan(bytes);
    expect(stage.charged.commonBytes - before.commonBytes).toBeLessThan(1.1 * bytes);
  });

  it("are charged once if callers and listeners wait for the same payload", async () => {
    const stage = new Stage(0);
    for (let i = 0; i < 20; i++) stage.listen("t", OTHER);
    const { assignment } = stage.gather("t", HONEST);
    await nextTurn();
    const before = stage.charged;
    await stage.answer(assignment, MIB);

    const { peerBytes, commonBytes } = stage.charged;
    expect(commonBytes - before.commonBytes).toBeGreaterThan(MIB);
    expect(commonBytes - before.commonBytes + peerBytes - before.peerBytes).toBeLessThan(1.1 * MIB);
  });

  it("are released when they are read, when they are dropped, and when their streams close", async () => {
    const stage = new Stage(0);
    const gatherers = Array.from({ length: 5 }, () => stage.gather("t", OTHER));
    const listeners = Array.from({ length: 5 }, (_, i) => stage.listen("t", i % 2 ? HONEST : OTHER));
    await nextTurn();
    for (const { read } of stage.peers) read();
    const before = stage.charged;
    for (const size of [100, 9 * KIB, 100 * KIB, MIB]) {
      for (let i = 0; i < 100; i++) await stage.answer(gatherers[i % 5]?.assignment ?? 0, size);
    }
    expect(stage.charged.commonBytes - before.commonBytes).toBeGreaterThan(60 * MIB);
    for (const { session } of stage.peers.slice(-4)) stage.runtime.close(session);
    for (const { read } of stage.peers) read();
    await nextTurn();
    for (const { read } of stage.peers) read();

    expect(stage.charged.commonBytes).toBe(before.commonBytes);
    for (const { session } of [...gatherers, ...listeners]) stage.runtime.close(session);
    expect(stage.charged.peerBytes).toBeLessThan(before.peerBytes);
  });

  it("stay within the budget if a hundred listeners on topics of their own do not read", async () => {
    const budget = 128 * MIB;
    const stage = new Stage(budget);
    const topics = Array.from({ length: 100 }, (_, i) => `t.${i}`);
    const listeners = topics.map((topic) => stage.listen(topic, OTHER));
    const assignments = topics.map((topic) => stage.request(topic));
    for (let i = 0; i < 16; i++) {
      for (const assignment of assignments) await stage.answer(assignment, 500 * KIB);
    }

    expect(stage.waitingBytes).toBeGreaterThan(budget / 4);
    expect(stage.waitingBytes).toBeLessThan(1.25 * budget);
    expect(listeners.map(({ ended }) => ended())).toEqual(topics.map(() => undefined));
    for (const { read } of listeners) read();
    await stage.answer(assignments.at(-1) ?? 0, 1);
    const heard = listeners.at(-1)?.read();
    expect(heard).toContain("t.99");
    expect(stage.runtime.droppedCount).toBeGreaterThan(1_000);
  });

  it("end the streams of callers whose peer holds far too much, and of no others", async () => {
    const budget = 128 * MIB;
    const stage = new Stage(budget);
    const honest = stage.gather("t", HONEST);
    const others = Array.from({ length: 100 }, () => stage.gather("t", OTHER));
    for (let i = 0; i < 3; i++) await stage.answer(honest.assignment, MIB);
    for (let i = 0; i < 5; i++) for (const { assignment } of others) await stage.answer(assignment, MIB);

    const ends = new Set(others.map(({ ended }) => ended()?.reason));
    expect(ends).toContain("HELD_BYTES_LIMIT");
    expect(others.map(({ ended }) => ended()?.metadata["scope"])).toContain("peer");
    expect(honest.ended()).toBeUndefined();
    expect(stage.waitingBytes).toBeLessThan(1.25 * budget);
  });
});
