/**
 * The window of a producer, from the core to its transport: no assignment waits for ever, whatever the sizes, and a
 * transport that takes nothing is found.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMPLETE_ALL, NO_CONTEXT, type SessionKey } from "../../src/core/vocabulary/model.js";
import type { Refusal } from "../../src/core/vocabulary/reason.js";
import { reportAtBytes } from "../../src/grpc/rpc/produce.js";
import { EventBatch } from "../../src/grpc/wire/encode.js";
import { createEncodeContext } from "../../src/grpc/wire/encode-context.js";
import type { Sink } from "../../src/ports/sink.js";
import type { Watchdog } from "../../src/ports/watchdog.js";
import { Broadcast } from "../../src/runtime/broadcast.js";
import { DispatcherRuntime } from "../../src/runtime/dispatcher-runtime.js";
import { Outbox } from "../../src/runtime/outbox.js";
import { ReplayQueue } from "../../src/runtime/replay-queue.js";
import { anyLedger } from "../support/account.js";

const KIB = 1_024;
const TIMEOUT_MS = 30_000;
const clock = { now: () => 0, timeOfDay: (at: number) => at };
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A transport that takes a message only when the test says so. */
class HeldSink implements Sink {
  takenCount = 0;
  inFlightBytes = 0;
  maxInFlightBytes = 0;
  ended: Refusal | undefined;
  private readonly unsent: (() => void)[] = [];

  write(parts: readonly Uint8Array[], sent: () => void): void {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    this.inFlightBytes += bytes;
    this.maxInFlightBytes = Math.max(this.maxInFlightBytes, this.inFlightBytes);
    this.unsent.push(() => {
      this.inFlightBytes -= bytes;
      this.takenCount++;
      sent();
    });
  }

  observe(): () => boolean {
    const { takenCount } = this;
    return () => this.takenCount > takenCount;
  }

  closing(): void {}

  end(refusal: Refusal | undefined): void {
    this.ended = refusal;
  }

  fail(bug: unknown): void {
    throw bug;
  }

  /** Takes the oldest message. @returns whether there was one. */
  take(): boolean {
    const take = this.unsent.shift();
    take?.();
    return take !== undefined;
  }
}

/** A watchdog whose time is over when the test says so. */
class HeldWatchdog implements Watchdog {
  private readonly watches = new Set<() => void>();

  watch(onTimeout: () => void): () => void {
    this.watches.add(onTimeout);
    return () => this.watches.delete(onTimeout);
  }

  get count(): number {
    return this.watches.size;
  }

  expire(): void {
    const due = [...this.watches];
    this.watches.clear();
    for (const onTimeout of due) onTimeout();
  }
}

interface Sizes {
  readonly windowBytes: number;
  readonly maxMessageBytes: number;
}

class Stage {
  readonly runtime: DispatcherRuntime;
  readonly sink = new HeldSink();
  readonly watchdog = new HeldWatchdog();
  readonly session: SessionKey;
  private requestCount = 0;

  constructor({ windowBytes, maxMessageBytes }: Sizes) {
    const encoding = createEncodeContext({ clock, serverId: "s", heartbeatMs: 1e12, maxMessageBytes });
    const limits = { heartbeatMs: 1e12, producerBufferBytes: windowBytes, recentRequests: 0 };
    this.runtime = new DispatcherRuntime("s", limits, (min) => new EventBatch(encoding, min), clock);
    const bound = {
      ...{ maxBytes: windowBytes, overflow: "SLOW_PRODUCER" as const, endsOnReject: false },
      stall: { watchdog: this.watchdog, timeoutMs: TIMEOUT_MS },
      reportAtBytes: reportAtBytes(windowBytes, maxMessageBytes),
    } as const;
    this.session = this.runtime.openStream(this.sink, bound, "");
    this.runtime.submit({
      ...{ kind: "producerOpened", session: this.session, sessionId: "", producerId: "p", mintedId: "" },
      ...{ displayName: "", labels: [], registrations: [{ topic: "t", group: "" }], maxOutstanding: 10_000 },
      ...{ maxBacklog: 10_000, reportDispositions: false, peer: "" },
    });
  }

  request(payloadBytes: number): void {
    const mintedId = `r${++this.requestCount}`;
    this.runtime.submit({
      ...{ kind: "requestSubmitted", session: 0, correlationId: undefined, mintedId, gather: false },
      ...{ excludeListeners: false, validateOnly: false, callDeadlineAt: undefined, digest: "" },
      context: NO_CONTEXT,
      spec: {
        ...{ topic: "t", requestId: "", ttlMs: 60_000, completion: COMPLETE_ALL, selector: undefined },
        ...{ noProducersAction: "COMPLETE", payload: Buffer.allocUnsafeSlow(payloadBytes) },
      },
    });
  }

  get waitingCount(): number {
    return this.runtime.snapshot().counts.waitingAssignments;
  }

  /** Ends turns and takes everything until nothing is left. */
  async takeAll(): Promise<void> {
    do await nextTurn();
    while (this.sink.take());
  }
}

describe("the window of a producer", () => {
  it("lets every assignment through as its transport takes the earlier ones, whatever their sizes", async () => {
    const sizes = fc.record({
      windowBytes: fc.oneof(fc.integer({ min: KIB, max: 64 * KIB }), fc.constantFrom(KIB, 8_192 * KIB)),
      maxMessageBytes: fc.constantFrom(2 * KIB, 16 * KIB, 64 * KIB),
    });
    /** Sizes of requests in thousandths of the largest message; a negative number takes that many messages. */
    const acts = fc.array(fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: -3, max: -1 })), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(sizes, acts, async (of, all) => {
        const stage = new Stage(of);
        const maxPayloadBytes = of.maxMessageBytes - 300;
        for (const act of all) {
          if (act >= 0) stage.request(Math.floor((maxPayloadBytes * act) / 1_000));
          for (let i = act; i < 0; i++) stage.sink.take();
          if (act % 3 === 0) await nextTurn();
        }
        await stage.takeAll();
        expect(stage.waitingCount).toBe(0);
        expect(stage.sink.ended).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  it("holds what its transport does not take, and the queue of the stream never exceeds it", async () => {
    const windowBytes = 1_024 * KIB;
    const stage = new Stage({ windowBytes, maxMessageBytes: 64 * KIB });
    for (let i = 0; i < 200; i++) {
      stage.request(60 * KIB);
      await nextTurn();
    }
    const { queuedBytes } = stage.runtime.queueOf(stage.session);
    expect(queuedBytes + stage.sink.inFlightBytes).toBeLessThanOrEqual(windowBytes);
    expect(stage.waitingCount).toBeGreaterThan(180);
    await stage.takeAll();
    expect(stage.waitingCount).toBe(0);
    expect(stage.sink.maxInFlightBytes).toBeLessThanOrEqual(windowBytes);
  });

  it("is reported once for half of it, and not for each message", async () => {
    const sink = new HeldSink();
    const reports: number[] = [];
    const encoding = createEncodeContext({ clock, serverId: "s", heartbeatMs: 1, maxMessageBytes: KIB });
    const newBatch = (minSharedBytes: number) => new EventBatch(encoding, minSharedBytes);
    const nothing = () => ({ gap: undefined, deliveries: [], next: 1 });
    const ledger = anyLedger();
    const outbox = new Outbox(
      { key: 1, sink, account: ledger.open("peer") },
      { maxBytes: KIB, overflow: "SLOW_PRODUCER", endsOnReject: false, reportAtBytes: 5_000 },
      new ReplayQueue(newBatch, nothing),
      { newBatch, onOverflow: () => undefined, onWritten: (_, bytes) => reports.push(bytes) },
    );
    const broadcast = new Broadcast(newBatch, () => outbox, ledger);
    for (let assignment = 1; assignment <= 14; assignment++) {
      const payload = new Uint8Array(100);
      broadcast.send(outbox, {
        ...{ kind: "assign", to: 1, assignment, requestId: "r", requester: "", deadlineAt: 0, attempt: 1 },
        ...{ context: NO_CONTEXT, payload, cost: 1_000 },
      });
      await nextTurn();
      sink.take();
    }
    expect(reports).toEqual([5_000, 5_000]);
  });
});

describe("a transport", () => {
  it("that takes nothing until the timeout, while something is in flight, is closed", async () => {
    const stage = new Stage({ windowBytes: 64 * KIB, maxMessageBytes: 64 * KIB });
    stage.request(10 * KIB);
    await nextTurn();
    stage.watchdog.expire();
    expect(stage.sink.ended).toMatchObject({
      reason: "SLOW_PRODUCER",
      metadata: { limit_ms: String(TIMEOUT_MS) },
    });
    expect(stage.runtime.snapshot().counts.producers).toBe(0);
    expect(stage.watchdog.count).toBe(0);
  });

  it("that takes a part of a message in each timeout stays open", async () => {
    const stage = new Stage({ windowBytes: 64 * KIB, maxMessageBytes: 64 * KIB });
    stage.request(10 * KIB);
    await nextTurn();
    for (let i = 0; i < 10; i++) {
      stage.sink.takenCount++;
      stage.watchdog.expire();
    }
    expect(stage.sink.ended).toBeUndefined();
    expect(stage.watchdog.count).toBe(1);
  });

  it("that has nothing in flight is not watched, and its stream sets one timeout however many messages it sends", async () => {
    const stage = new Stage({ windowBytes: 64 * KIB, maxMessageBytes: 64 * KIB });
    for (let i = 0; i < 100; i++) {
      stage.request(100);
      await stage.takeAll();
      expect(stage.watchdog.count).toBe(1);
    }
    stage.watchdog.expire();
    expect(stage.watchdog.count).toBe(0);
    expect(stage.sink.ended).toBeUndefined();
    stage.request(100);
    await nextTurn();
    expect(stage.watchdog.count).toBe(1);
    stage.runtime.close(stage.session);
    expect(stage.watchdog.count).toBe(0);
  });
});
