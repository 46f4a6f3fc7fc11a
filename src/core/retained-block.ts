/**
 * Retained deliveries, several hundred in one block: their numbers and payloads lie in arrays of the block, so that what
 * is held for a minute costs the garbage collector a few objects per block instead of a dozen per delivery; and a block
 * whose deliveries are all dropped is filled again.
 */
import type { Deliver } from "./effect.js";
import { NO_LANE, NOBODY, type Payload, type TraceContext } from "./model.js";
import { ownBytes } from "./own-bytes.js";

/** Deliveries in a block at the most. */
const ENTRIES = 512;
/** Bytes of their payloads at the most, those apart that are as large as this themselves. */
const PAYLOAD_BYTES = 64 * 1024;
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
  private readonly isPartial = new Uint8Array(ENTRIES);
  private readonly numbers = new Float64Array(NUMBERS * ENTRIES);
  private readonly payloads = new Uint8Array(PAYLOAD_BYTES);
  private readonly ends = new Uint32Array(ENTRIES);
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
    return this.count < ENTRIES && this.used + bytes <= PAYLOAD_BYTES;
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

  /** Bytes of a delivery's payload. */
  payloadBytes(index: number): number {
    return this.large.get(index)?.length ?? this.end(index) - this.end(index - 1);
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

  /** Lets go of a delivery, once; the small ones stay until the block is filled again or let go of. */
  drop(index: number): void {
    this.droppedCount++;
    if (this.large.size > 0) this.large.delete(index);
  }

  /** Makes a block that is spent as good as new. */
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
