/**
 * Retained deliveries, several hundred in one block. Their numbers and payloads lie in arrays of the block, so that a
 * minute of deliveries costs the garbage collector a few objects per block instead of a dozen per delivery. A block whose
 * deliveries are all dropped is filled again.
 */

import { ownBytes } from "../tables/own-bytes.js";
import type { Deliver } from "../vocabulary/effect.js";
import { NO_LANE, NOBODY, type Payload, type TraceContext } from "../vocabulary/model.js";

/** Maximum of deliveries in a block. */
const MAX_ENTRIES = 512;
/** Maximum of bytes of their payloads; a payload that is as large as this by itself lies apart. */
const PAYLOAD_BYTES = 64 * 1024;
/** What a delivery costs beside its payload, in bytes; estimated. */
const ENTRY_BYTES = 256;
/** Numbers per delivery, and where each one is among them. */
const NUMBERS = 4;
const LATENCY = 0;
const RECEIVED = 1;
const SEQUENCE = 2;
const ORDINAL = 3;

/** A run of retained deliveries, in arrival order. */
export class RetainedBlock {
  private readonly requestIds: string[] = [];
  private readonly producerIds: string[] = [];
  private readonly groups: string[] = [];
  private readonly contexts: TraceContext[] = [];
  private readonly isPartial = new Uint8Array(MAX_ENTRIES);
  private readonly numbers = new Float64Array(NUMBERS * MAX_ENTRIES);
  private readonly payloads = new Uint8Array(PAYLOAD_BYTES);
  private readonly ends = new Uint32Array(MAX_ENTRIES);
  /** Payloads that are too large to lie with the others, by index. */
  private readonly large = new Map<number, Payload>();
  private used = 0;
  private count = 0;
  private droppedCount = 0;

  /** Whether it held deliveries and holds none any more. */
  get isSpent(): boolean {
    return this.count > 0 && this.droppedCount === this.count;
  }

  /** Whether this payload has room. */
  hasRoom(payload: Payload): boolean {
    const bytes = isLarge(payload) ? 0 : payload.length;
    return this.count < MAX_ENTRIES && this.used + bytes <= PAYLOAD_BYTES;
  }

  /** Takes a delivery that has room. @returns its index. */
  append(delivery: Deliver): number {
    const { payload } = delivery;
    const index = this.count++;
    this.requestIds[index] = delivery.requestId;
    this.producerIds[index] = delivery.producerId;
    this.groups[index] = delivery.group;
    this.contexts[index] = delivery.context;
    this.isPartial[index] = delivery.more ? 1 : 0;
    const at = NUMBERS * index;
    this.numbers[at + LATENCY] = delivery.latencyMs;
    this.numbers[at + RECEIVED] = delivery.receivedAt;
    this.numbers[at + SEQUENCE] = delivery.sequence;
    this.numbers[at + ORDINAL] = delivery.ordinal;
    if (isLarge(payload)) {
      this.large.set(index, ownBytes(payload));
    } else {
      this.payloads.set(payload, this.used);
      this.used += payload.length;
    }
    this.ends[index] = this.used;
    return index;
  }

  /** When a delivery was received. */
  receivedAt(index: number): number {
    return this.numbers[NUMBERS * index + RECEIVED] ?? 0;
  }

  /** A delivery's position in its topic. */
  sequence(index: number): number {
    return this.numbers[NUMBERS * index + SEQUENCE] ?? 0;
  }

  /** What a delivery costs, in bytes; estimated. */
  cost(index: number): number {
    return ENTRY_BYTES + (this.large.get(index)?.length ?? this.end(index) - this.end(index - 1));
  }

  /** A delivery of a topic, as it was but for its receivers. Its payload is its own: the block may be filled again. */
  read(index: number, topic: string): Deliver {
    return {
      kind: "deliver",
      lane: NO_LANE,
      audience: NOBODY,
      callers: NOBODY,
      requestId: this.requestIds[index] ?? "",
      topic,
      producerId: this.producerIds[index] ?? "",
      group: this.groups[index] ?? "",
      ordinal: this.numbers[NUMBERS * index + ORDINAL] ?? 0,
      more: this.isPartial[index] === 1,
      sequence: this.sequence(index),
      latencyMs: this.numbers[NUMBERS * index + LATENCY] ?? 0,
      receivedAt: this.receivedAt(index),
      late: false,
      context: this.contexts[index] ?? [],
      payload: this.large.get(index) ?? this.payloads.slice(this.end(index - 1), this.end(index)),
    };
  }

  /** Drops a delivery, once. The bytes of a small one stay until the block is filled again or released. */
  drop(index: number): void {
    this.droppedCount++;
    if (this.large.size > 0) this.large.delete(index);
  }

  /** Empties a block that is spent, so that it can be filled again. */
  renew(): void {
    this.used = 0;
    this.count = 0;
    this.droppedCount = 0;
  }

  private end(index: number): number {
    return index < 0 ? 0 : (this.ends[index] ?? 0);
  }
}

function isLarge(payload: Payload): boolean {
  return payload.length >= PAYLOAD_BYTES;
}
