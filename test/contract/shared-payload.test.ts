/**
 * A large payload is in memory once, however many streams it waits for: the runtime with its real messages, and
 * transports that accept nothing.
 */
import { describe, expect, it } from "vitest";
import {
  COMPLETE_ALL,
  MIN_SHARED_BYTES,
  NO_CONTEXT,
  type Payload,
  type SessionKey,
} from "../../src/core/vocabulary/model.js";
import { EventBatch } from "../../src/grpc/wire/encode.js";
import { createEncodeContext } from "../../src/grpc/wire/encode-context.js";
import { DispatcherRuntime } from "../../src/runtime/dispatcher-runtime.js";

const KIB = 1_024;
const MIB = 1_024 * KIB;
const PEERS = 200;
/** What a peer may hold beside the payloads: its messages without them, in buffers that other messages share. */
const PER_PEER_BYTES = 2_048;
const BOUND = { maxBytes: 64 * MIB, overflow: "SLOW_CALLER", endsOnReject: false } as const;

const clock = { now: () => 0, timeOfDay: (at: number) => at };
const facts = { clock, serverId: "s", heartbeatMs: 1e12, maxMessageBytes: 4 * MIB };
/** A turn sends to 256 streams; here are at most twice as many. */
async function nextTurns(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A runtime whose peers read nothing. */
class Stage {
  readonly runtime: DispatcherRuntime;
  /** The parts that the transports hold. */
  readonly held: Uint8Array[] = [];

  constructor() {
    const encoding = createEncodeContext(facts);
    this.runtime = new DispatcherRuntime(
      "s",
      { heartbeatMs: 1e12 },
      (min) => new EventBatch(encoding, min),
      clock,
    );
  }

  open(): SessionKey {
    const write = (parts: readonly Uint8Array[]) => void this.held.push(...parts);
    return this.runtime.openStream(
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
  }

  openProducer(producerId: string): SessionKey {
    const session = this.open();
    this.runtime.submit({
      ...{ kind: "producerOpened", session, sessionId: "", producerId, mintedId: "", displayName: "" },
      ...{ labels: [], registrations: [{ topic: "t", group: "" }], maxOutstanding: 0, maxBacklog: 0 },
      ...{ reportDispositions: false, peer: "" },
    });
    return session;
  }

  openListener(listenerId: string, sequence?: number): SessionKey {
    const session = this.open();
    this.runtime.submit({
      ...{ kind: "listenerOpened", session, sessionId: "", listenerId, mintedId: "", topics: ["t"] },
      resumeFrom: sequence === undefined ? [] : [{ topic: "t", epoch: "s.1", sequence }],
      ...{ includeLate: false, includeSummaries: false, overflowAction: "DROP_OLDEST", bufferBytes: 0 },
      ...{ group: "", peer: "" },
    });
    return session;
  }

  request(payload: Payload, gather = false): void {
    const session = gather ? this.open() : 0;
    if (gather) this.runtime.submit({ kind: "callerOpened", session });
    this.runtime.submit({
      ...{ kind: "requestSubmitted", session, correlationId: gather ? "c" : undefined, mintedId: "" },
      ...{ gather, excludeListeners: false, validateOnly: false, callDeadlineAt: undefined, digest: "d" },
      context: NO_CONTEXT,
      spec: {
        ...{ topic: "t", requestId: "r", ttlMs: undefined, completion: COMPLETE_ALL, selector: undefined },
        ...{ noProducersAction: "COMPLETE", payload },
      },
    });
  }

  answer(session: SessionKey, payload: Payload): void {
    this.runtime.submit({
      ...{ kind: "resultReturned", session, assignment: 1, assignmentText: undefined, more: true },
      ...{ failure: undefined, payload },
    });
  }

  /** Bytes of all memory that the transports keep alive. Each buffer counts once, as a whole. */
  get heldBytes(): number {
    const buffers = new Set(this.held.map((part) => part.buffer));
    return [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  }
}

/** A payload inside a message of its peer. */
function partOf(messageBytes: number, payloadBytes: number): Payload {
  return Buffer.allocUnsafeSlow(messageBytes).subarray(100, 100 + payloadBytes);
}

describe.each([
  ["of 1 MiB", MIB, MIB + 200],
  ["as small as shared payloads are, in a message of 1 MiB", MIN_SHARED_BYTES, MIN_SHARED_BYTES],
])("a payload %s", (_, payloadBytes, maxBytes) => {
  it("of a request waits once for all its producers", async () => {
    const stage = new Stage();
    for (let i = 0; i < PEERS; i++) stage.openProducer(`p${i}`);
    stage.request(partOf(MIB + 200, payloadBytes));
    await nextTurns();

    expect(stage.held.filter((part) => part.length === payloadBytes)).toHaveLength(PEERS);
    expect(stage.heldBytes).toBeLessThan(maxBytes + PEERS * PER_PEER_BYTES);
  });

  it("of a result waits once for all callers", async () => {
    const stage = new Stage();
    const producer = stage.openProducer("p");
    for (let i = 0; i < PEERS; i++) stage.request(new Uint8Array(1), true);
    await nextTurns();
    stage.answer(producer, partOf(MIB + 200, payloadBytes));
    await nextTurns();

    expect(stage.held.filter((part) => part.length === payloadBytes)).toHaveLength(PEERS);
    expect(stage.heldBytes).toBeLessThan(maxBytes + 2 * PEERS * PER_PEER_BYTES);
  });
});

describe("a result", () => {
  it("of 1 MiB waits once for callers, listeners and listeners that resume", async () => {
    const stage = new Stage();
    const producer = stage.openProducer("p");
    for (let i = 0; i < PEERS; i++) stage.request(new Uint8Array(1), true);
    stage.openListener("l");
    await nextTurns();
    stage.answer(producer, partOf(MIB + 200, MIB));
    for (let i = 0; i < PEERS; i++) stage.openListener(`l${i}`, 0);
    await nextTurns();

    expect(stage.held.filter((part) => part.length === MIB)).toHaveLength(2 * PEERS + 1);
    expect(stage.heldBytes).toBeLessThan(MIB + 200 + 4 * PEERS * PER_PEER_BYTES);
  });

  it("of 32 KiB waits as one copy for all listeners", async () => {
    const stage = new Stage();
    const producer = stage.openProducer("p");
    stage.request(new Uint8Array(1));
    for (let i = 0; i < PEERS; i++) stage.openListener(`l${i}`);
    await nextTurns();
    const before = stage.heldBytes;
    stage.answer(producer, partOf(MIB + 200, 32 * KIB));
    await nextTurns();

    expect(stage.heldBytes - before).toBeLessThan(40 * KIB);
  });
});
