/**
 * A run of events for the same receivers. It is encoded once, and the queue of each receiver refers to it.
 */
import type { Deliver } from "../core/vocabulary/effect.js";
import type { Batch, Sendable } from "../ports/batch.js";
import type { Outbox } from "./outbox.js";

/** Memory of a chunk beside its events, in bytes; an estimate. */
const CHUNK_BYTES = 512;

/** The deliveries of one topic in a chunk; a gap reports them if the chunk is dropped. */
export interface Range {
  readonly topic: string;
  from: number;
  last: number;
  count: number;
}

/** Queued events. A chunk is open until it is sealed, at the latest at the end of the event-loop turn. */
export class Chunk {
  private parts: readonly Uint8Array[] | undefined;
  /** Created for the second topic; most chunks have one. */
  private rangeByTopic: Map<string, Range> | undefined;
  private latest: Range | undefined;
  /** The number of deliveries in the chunk. */
  deliveryCount = 0;
  /** The sum of the costs of the assignments in the chunk, in bytes. */
  assignedBytes = 0;
  /** Whether the chunk holds only deliveries, so that it may be dropped for a slow listener. */
  isDroppable = true;

  /** @param owners - the outboxes that queue the chunk. */
  constructor(
    private readonly batch: Batch,
    readonly owners: readonly Outbox[],
  ) {}

  /** Whether events may still be appended. */
  get isOpen(): boolean {
    return this.parts === undefined;
  }

  /** Encoded bytes so far. */
  get byteLength(): number {
    return this.batch.byteLength;
  }

  /** The bytes that the chunk counts for in a queue. */
  get cost(): number {
    return this.byteLength + CHUNK_BYTES;
  }

  /** The deliveries with a sequence number, by topic. Late deliveries have none. */
  get ranges(): Iterable<Range> {
    return this.rangeByTopic?.values() ?? (this.latest ? [this.latest] : []);
  }

  /** Appends a delivery. */
  deliver(delivery: Deliver): void {
    this.batch.append(delivery);
    this.deliveryCount++;
    const { topic, sequence } = delivery;
    if (sequence === 0) return;
    if (this.latest?.topic !== topic) this.latest = this.rangeOf(topic, sequence);
    this.latest.last = sequence;
    this.latest.count++;
  }

  /** Appends an event that must not be dropped. */
  append(event: Sendable): void {
    this.isDroppable = false;
    if (event.kind === "assign") this.assignedBytes += event.cost;
    this.batch.append(event);
  }

  /** Closes the chunk for further events. @returns the encoded events; the same parts at every call. */
  seal(): readonly Uint8Array[] {
    this.parts ??= this.batch.finish();
    return this.parts;
  }

  private rangeOf(topic: string, sequence: number): Range {
    const fresh: Range = { topic, from: sequence, last: sequence, count: 0 };
    if (!this.latest) return fresh;
    this.rangeByTopic ??= new Map([[this.latest.topic, this.latest]]);
    const known = this.rangeByTopic.get(topic);
    if (known) return known;
    this.rangeByTopic.set(topic, fresh);
    return fresh;
  }
}
