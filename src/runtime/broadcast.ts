/**
 * Turns orders into chunks, encoded once for all their receivers, and flushes all of them once per turn of the event
 * loop: measured, flushing at every delivery costs four fifths of the throughput, and a timer costs latency.
 */
import type { AddressedEffect, Deliver, Summarize } from "../core/effect.js";
import type { Audience, SessionKey } from "../core/model.js";
import type { BatchFactory, Sendable } from "../ports/batch.js";
import { Chunk } from "./chunk.js";
import type { Outbox } from "./outbox.js";

/** A chunk is sealed at this size, so that what is queued can be counted and dropped in pieces. */
const SEAL_AT_BYTES = 64 * 1024;

/** Everything that is being encoded in this turn. */
export class Broadcast {
  /** Replaced by every flush: a map that is cleared keeps its past alive, see `core/slot-map.ts`. */
  private open = new Map<Audience, Chunk>();
  private dirty = new Set<Outbox>();
  private readonly directed: Chunk[] = [];
  private serial = 0;
  private latestDeliveries = 0;
  private isScheduled = false;

  constructor(
    private readonly newBatch: BatchFactory,
    private readonly find: (key: SessionKey) => Outbox | undefined,
  ) {}

  /**
   * Hands a delivery to everybody in its audience; to one receiver alone behind everything that it was told for itself,
   * such as a gap, or that it has joined a topic. Others join and resume with another audience than before.
   */
  deliver(delivery: Deliver): void {
    const { audience } = delivery;
    if (audience.members.length === 0) return;
    let chunk = this.open.get(audience);
    if (chunk && (isOutrun(chunk) || !chunk.isDroppable)) {
      this.finish(audience, chunk);
      chunk = undefined;
    }
    if (!chunk) {
      chunk = this.begin(audience);
      this.latestDeliveries = chunk.serial;
    }
    chunk.deliver(delivery);
    if (chunk.byteLength >= SEAL_AT_BYTES) this.finish(audience, chunk);
  }

  /**
   * Hands a summary to everybody in its audience, behind every delivery so far: a chunk of summaries older than a chunk
   * of deliveries is not added to. Nor is one of deliveries, or what may be dropped of a queue would have holes that no
   * gap can tell.
   */
  summarize(summary: Summarize): void {
    const { audience } = summary;
    if (audience.members.length === 0) return;
    let chunk = this.open.get(audience);
    if (chunk && (chunk.serial < this.latestDeliveries || chunk.isDroppable)) {
      this.finish(audience, chunk);
      chunk = undefined;
    }
    chunk ??= this.begin(audience);
    chunk.append(summary);
    if (chunk.byteLength >= SEAL_AT_BYTES) this.finish(audience, chunk);
  }

  /** Sends an event to one stream, behind everything that is queued for it. */
  send(outbox: Outbox, event: Sendable): void {
    let chunk = outbox.openTail;
    if (!chunk) {
      chunk = new Chunk(this.newBatch(), [outbox], ++this.serial);
      this.directed.push(chunk);
      outbox.toldSerial = chunk.serial;
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
    const { open } = this;
    this.open = new Map();
    for (const chunk of open.values()) this.seal(chunk);
    for (const chunk of this.directed) if (chunk.isOpen) this.seal(chunk);
    this.directed.length = 0;
    // A stream that is closed for reading too slowly brings new orders, which are for the next flush.
    const { dirty } = this;
    this.dirty = new Set();
    for (const outbox of dirty) outbox.flush();
  }

  private begin(audience: Audience): Chunk {
    const owners: Outbox[] = [];
    for (const key of audience.members) {
      const outbox = this.find(key);
      if (outbox) owners.push(outbox);
    }
    const chunk = new Chunk(this.newBatch(), owners, ++this.serial);
    this.open.set(audience, chunk);
    for (const outbox of owners) {
      outbox.push(chunk);
      this.mark(outbox);
    }
    return chunk;
  }

  private finish(audience: Audience, chunk: Chunk): void {
    this.open.delete(audience);
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

/** Whether its only receiver was told something for itself since. */
function isOutrun({ owners, serial }: Chunk): boolean {
  const [owner] = owners;
  return owner !== undefined && owners.length === 1 && serial < owner.toldSerial;
}
