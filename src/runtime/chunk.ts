/**
 * A run of events for the same receivers: encoded once, queued by reference with each of them.
 */
import type { Deliver } from "../core/vocabulary/effect.js";
import type { Batch, Sendable } from "../ports/batch.js";
import type { Outbox } from "./outbox.js";

/** What a chunk costs beside its events, in bytes; estimated. */
const CHUNK_BYTES = 512;

/** Deliveries of one topic in a chunk, should it be lost. */
export interface Range {
  readonly topic: string;
  from: number;
  last: number;
  count: number;
}

/** Events on their way; open until it is sealed, at the latest at the end of the event loop's turn. */
export class Chunk {
  private bytes: Uint8Array | undefined;
  /** Made when there is a second topic; most chunks have one. */
  private rangeByTopic: Map<string, Range> | undefined;
  private latest: Range | undefined;
  /** Deliveries in it. */
  deliveryCount = 0;
  /** What it holds is only deliveries, so that a slow listener may lose it. */
  isDroppable = true;

  /** @param owners - the queues that hold it. */
  constructor(
    private readonly batch: Batch,
    readonly owners: readonly Outbox[],
  ) {}

  /** Whether events may still be added. */
  get isOpen(): boolean {
    return this.bytes === undefined;
  }

  /** Bytes so far. */
  get byteLength(): number {
    return this.bytes?.byteLength ?? this.batch.byteLength;
  }

  /** What it counts for in a queue, in bytes. */
  get cost(): number {
    return this.byteLength + CHUNK_BYTES;
  }

  /** The deliveries in it that have a position, by topic. */
  get ranges(): Iterable<Range> {
    return this.rangeByTopic?.values() ?? (this.latest ? [this.latest] : []);
  }

  /** Adds a delivery. */
  deliver(delivery: Deliver): void {
    this.batch.append(delivery);
    this.deliveryCount++;
    const { topic, sequence } = delivery;
    if (sequence === 0) return;
    if (this.latest?.topic !== topic) this.latest = this.rangeOf(topic, sequence);
    this.latest.last = sequence;
    this.latest.count++;
  }

  /** Adds an event that must not be lost. */
  append(event: Sendable): void {
    this.isDroppable = false;
    this.batch.append(event);
  }

  /** Ends it. @returns the encoded events; the same bytes at every call. */
  seal(): Uint8Array {
    this.bytes ??= this.batch.finish();
    return this.bytes;
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
