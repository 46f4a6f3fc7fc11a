/**
 * Encodes effects into chunks, each once for all its receivers, and flushes the chunks once per turn of the event loop.
 *
 * The natural way is to flush at every delivery. Measured, that costs four fifths of the throughput, because every
 * delivery becomes a write of its own for each receiver. A timer would batch them too, but delays every delivery. The end
 * of the turn batches all deliveries that the turn has produced and adds no delay. This can go only if a write to a
 * stream becomes about as cheap as adding to a chunk.
 *
 * A chunk enters the queues of its receivers when it is created, and may grow until the end of the turn. An event that
 * is added to an open chunk therefore overtakes events that were queued after the chunk. Lanes say which events may do
 * that; see `core/vocabulary/effect.ts`.
 */
import type { AddressedEffect, Deliver, Summarize } from "../core/vocabulary/effect.js";
import type { HeldBytes, PeerAccount } from "../core/vocabulary/held-bytes.js";
import { type Lane, MIN_LARGE_BYTES, MIN_SHARED_BYTES, type SessionKey } from "../core/vocabulary/model.js";
import type { BatchFactory, Sendable } from "../ports/batch.js";
import { Chunk, type Sharing } from "./chunk.js";
import { FairQueue } from "./fair-queue.js";
import type { Outbox } from "./outbox.js";
import { SharedPayloads } from "./shared-payloads.js";

/** A chunk is sealed at this size, so that a queue can be counted and dropped in small pieces. */
const SEAL_AT_BYTES = 64 * 1024;

/** Outboxes that are flushed in one turn: some 5 ms. A request to 10,000 producers would hold the event loop for longer. */
const MAX_FLUSHED = 256;

/** Open chunks by lane. Every flush creates a new map: a cleared `Map` keeps its old entries alive, see `SlotMap`. */
type OpenChunks = Map<Lane, Chunk>;

/** The chunks of this turn of the event loop. */
export class Broadcast {
  private deliveries: OpenChunks = new Map();
  /** Late deliveries and summaries follow every timely delivery whose effect came earlier. */
  private lateDeliveries: OpenChunks = new Map();
  private summaries: OpenChunks = new Map();
  private dirty = new Set<Outbox>();
  /** Outboxes that are flushed in a later turn. */
  private readonly later = new FairQueue<Outbox>();
  private readonly directed: Chunk[] = [];
  /** The chunks that were sealed in this turn. */
  private sealed: Chunk[] = [];
  private isScheduled = false;
  private readonly sharingOfOne: Sharing;
  private readonly sharingOfMany: Sharing;

  /** @param ledger - is charged for the chunks that wait. */
  constructor(
    private readonly newBatch: BatchFactory,
    private readonly find: (key: SessionKey) => Outbox | undefined,
    private readonly ledger: Pick<HeldBytes, "common">,
  ) {
    const payloads = new SharedPayloads(ledger);
    this.sharingOfOne = { payloads, minBytes: MIN_SHARED_BYTES };
    this.sharingOfMany = { payloads, minBytes: MIN_LARGE_BYTES };
  }

  /** Enqueues a delivery for the listeners of its audience. */
  deliver(delivery: Deliver): void {
    if (delivery.audience.length === 0) return;
    if (delivery.late) {
      this.add(this.lateDeliveries, delivery);
      return;
    }
    const chunk = this.deliveries.get(delivery.lane) ?? this.beginDeliveries(delivery);
    chunk.deliver(delivery);
    if (chunk.byteLength >= SEAL_AT_BYTES) this.finish(this.deliveries, delivery.lane, chunk);
  }

  /**
   * Enqueues a summary for the listeners of its audience. Summaries have chunks of their own, because a chunk of
   * deliveries may be dropped as a whole.
   */
  summarize(summary: Summarize): void {
    if (summary.audience.length > 0) this.add(this.summaries, summary);
  }

  /** Enqueues an event for one stream, behind its whole queue. */
  send(outbox: Outbox, event: Sendable): void {
    let chunk = outbox.openTail;
    if (!chunk) {
      chunk = new Chunk(this.newBatch(MIN_SHARED_BYTES), [outbox], outbox.account, this.sharingOfOne);
      this.directed.push(chunk);
      outbox.push(chunk);
      this.markDirty(outbox);
    }
    chunk.append(event);
    if (chunk.byteLength >= SEAL_AT_BYTES) this.seal(chunk);
  }

  /** Applies an effect that changes the stream itself, and includes the stream in this turn's flush. */
  apply(outbox: Outbox, effect: AddressedEffect): void {
    outbox.apply(effect);
    this.markDirty(outbox);
  }

  /** Seals all chunks and sends as much as the transports accept. Runs by itself at the end of the turn. */
  flush(): void {
    this.isScheduled = false;
    for (const open of [this.deliveries, this.lateDeliveries, this.summaries]) {
      for (const chunk of open.values()) this.seal(chunk);
    }
    this.deliveries = new Map();
    this.lateDeliveries = new Map();
    this.summaries = new Map();
    for (const chunk of this.directed) if (chunk.isOpen) this.seal(chunk);
    this.directed.length = 0;
    // Closing a slow stream may cause new effects; they belong to the next flush.
    const { dirty, sealed } = this;
    this.dirty = new Set();
    this.sealed = [];
    if (dirty.size <= MAX_FLUSHED && this.later.length === 0) for (const outbox of dirty) outbox.flush();
    else this.flushSome(dirty);
    for (const chunk of sealed) chunk.settle();
  }

  /** Flushes as many outboxes as a turn allows; peers take turns. The others follow in the next turns. */
  private flushSome(dirty: ReadonlySet<Outbox>): void {
    for (const outbox of dirty) {
      if (outbox.awaitsFlush) continue;
      outbox.awaitsFlush = true;
      this.later.add(outbox.peer, outbox);
    }
    for (let left = MAX_FLUSHED; left > 0; left--) {
      const outbox = this.later.take();
      if (!outbox) return;
      outbox.awaitsFlush = false;
      outbox.flush();
    }
    if (this.later.length > 0) this.schedule();
  }

  /** Seals open late deliveries and summaries, so that their next events go into chunks behind this new one. */
  private beginDeliveries({ lane, audience }: Deliver): Chunk {
    for (const open of [this.lateDeliveries, this.summaries]) {
      for (const [key, chunk] of open) this.finish(open, key, chunk);
    }
    return this.begin(this.deliveries, lane, audience);
  }

  private add(open: OpenChunks, effect: Deliver | Summarize): void {
    const { lane, audience } = effect;
    const chunk = open.get(lane) ?? this.begin(open, lane, audience);
    if (effect.kind === "deliver") chunk.deliver(effect);
    else chunk.append(effect);
    if (chunk.byteLength >= SEAL_AT_BYTES) this.finish(open, lane, chunk);
  }

  private begin(open: OpenChunks, lane: Lane, audience: readonly SessionKey[]): Chunk {
    const owners: Outbox[] = [];
    let account: PeerAccount | undefined;
    for (const key of audience) {
      const outbox = this.find(key);
      if (!outbox) continue;
      owners.push(outbox);
      account = account === undefined || account === outbox.account ? outbox.account : this.ledger.common;
    }
    account ??= this.ledger.common;
    const chunk = new Chunk(this.newBatch(MIN_LARGE_BYTES), owners, account, this.sharingOfMany);
    open.set(lane, chunk);
    for (const outbox of owners) {
      outbox.push(chunk);
      this.markDirty(outbox);
    }
    return chunk;
  }

  private finish(open: OpenChunks, lane: Lane, chunk: Chunk): void {
    open.delete(lane);
    this.seal(chunk);
  }

  private seal(chunk: Chunk): void {
    chunk.seal();
    this.sealed.push(chunk);
    for (const outbox of chunk.owners) outbox.count(chunk);
  }

  private markDirty(outbox: Outbox): void {
    this.dirty.add(outbox);
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => this.flush());
  }
}
