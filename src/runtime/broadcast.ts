/**
 * Turns effects into chunks, which are encoded once for all their receivers, and flushes them once per turn of the event
 * loop. Measured, flushing at every delivery costs four fifths of the throughput, and a timer costs latency.
 *
 * A chunk takes its place in the queues of its receivers when it is begun, and may grow until the end of the turn. So an
 * event that joins an open chunk overtakes what was queued since. Lanes say which events may; see `core/effect.ts`.
 */
import type { AddressedEffect, Deliver, Summarize } from "../core/vocabulary/effect.js";
import type { Lane, SessionKey } from "../core/vocabulary/model.js";
import type { BatchFactory, Sendable } from "../ports/batch.js";
import { Chunk } from "./chunk.js";
import type { Outbox } from "./outbox.js";

/** A chunk is sealed at this size, so that what is queued can be counted and dropped in pieces. */
const SEAL_AT_BYTES = 64 * 1024;

/** Open chunks by their lane. Replaced by every flush: a `Map` that is cleared keeps its past alive, see `SlotMap`. */
type OpenChunks = Map<Lane, Chunk>;

/** Everything that is being encoded in this turn of the event loop. */
export class Broadcast {
  private deliveries: OpenChunks = new Map();
  /** Late deliveries and summaries come after every delivery in time that was ordered earlier. */
  private lateDeliveries: OpenChunks = new Map();
  private summaries: OpenChunks = new Map();
  private dirty = new Set<Outbox>();
  private readonly directed: Chunk[] = [];
  private isScheduled = false;

  constructor(
    private readonly newBatch: BatchFactory,
    private readonly find: (key: SessionKey) => Outbox | undefined,
  ) {}

  /** Hands a delivery to the listeners of its audience. */
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
   * Hands a summary to the listeners of its audience. Summaries have chunks of their own: a chunk of deliveries may be
   * dropped as a whole, with one gap for each topic.
   */
  summarize(summary: Summarize): void {
    if (summary.audience.length > 0) this.add(this.summaries, summary);
  }

  /** Sends an event to one stream, behind everything that is queued for it. */
  send(outbox: Outbox, event: Sendable): void {
    let chunk = outbox.openTail;
    if (!chunk) {
      chunk = new Chunk(this.newBatch(), [outbox]);
      this.directed.push(chunk);
      outbox.push(chunk);
      this.mark(outbox);
    }
    chunk.append(event);
    if (chunk.byteLength >= SEAL_AT_BYTES) this.seal(chunk);
  }

  /** Lets a stream know what an order means for it; it is looked at in this turn's flush. */
  note(outbox: Outbox, order: AddressedEffect): void {
    outbox.note(order);
    this.mark(outbox);
  }

  /** Seals everything and sends what can be sent. Happens by itself at the end of the turn. */
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
    // A stream that is closed for reading too slowly brings new orders, which are for the next flush.
    const { dirty } = this;
    this.dirty = new Set();
    for (const outbox of dirty) outbox.flush();
  }

  /** Closes what must come after the deliveries ordered so far: its next event begins a chunk behind theirs. */
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
    for (const key of audience) {
      const outbox = this.find(key);
      if (outbox) owners.push(outbox);
    }
    const chunk = new Chunk(this.newBatch(), owners);
    open.set(lane, chunk);
    for (const outbox of owners) {
      outbox.push(chunk);
      this.mark(outbox);
    }
    return chunk;
  }

  private finish(open: OpenChunks, lane: Lane, chunk: Chunk): void {
    open.delete(lane);
    this.seal(chunk);
  }

  private seal(chunk: Chunk): void {
    chunk.seal();
    for (const outbox of chunk.owners) outbox.account(chunk);
  }

  private mark(outbox: Outbox): void {
    this.dirty.add(outbox);
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => this.flush());
  }
}
