/**
 * Retained deliveries, up to 512 in one block.
 *
 * The natural way is to retain the delivery objects. But a minute of deliveries would then burden the garbage collector
 * with a dozen objects per delivery. A block stores the fields and payloads of its deliveries in a few arrays instead,
 * and is filled again once all its deliveries are dropped. The blocks can go when deliveries are no longer retained in
 * memory.
 */

import type { Deliver } from "../vocabulary/effect.js";
import {
  MIN_LARGE_BYTES,
  NO_CONTEXT,
  NO_LANE,
  NO_SESSIONS,
  type Payload,
  type TraceContext,
} from "../vocabulary/model.js";
import { ownBytes } from "../vocabulary/own-bytes.js";
import { contextBytes } from "./costs.js";

/** Maximum number of deliveries in a block. */
const MAX_ENTRIES = 512;
/** Maximum payload bytes in a block's own array. */
const PAYLOAD_BYTES = 64 * 1024;
/** Cost of a delivery without its payload and trace context, in bytes; estimated. */
const ENTRY_BYTES = 256;
/** Number of numeric fields per delivery, and the offset of each. */
const NUMBERS = 4;
const LATENCY = 0;
const RECEIVED = 1;
const SEQUENCE = 2;
const ORDINAL = 3;

/** A run of retained deliveries, in arrival order. */
export class RetainedBlock {
  private readonly requestIds: string[] = [];
  private readonly requesters: string[] = [];
  private readonly producerIds: string[] = [];
  private readonly principals: string[] = [];
  private readonly groups: string[] = [];
  private readonly contexts: TraceContext[] = [];
  private readonly isPartial = new Uint8Array(MAX_ENTRIES);
  private readonly numbers = new Float64Array(NUMBERS * MAX_ENTRIES);
  private readonly payloads = new Uint8Array(PAYLOAD_BYTES);
  private readonly ends = new Uint32Array(MAX_ENTRIES);
  /** Payloads that queues share, by index; the block keeps no copy of them. */
  private readonly large = new Map<number, Payload>();
  private used = 0;
  private count = 0;
  private droppedCount = 0;

  /** Whether all deliveries of the block are dropped; false for an empty block. */
  get isReusable(): boolean {
    return this.count > 0 && this.droppedCount === this.count;
  }

  /** Whether the block has room for a delivery with this payload. */
  hasRoom(payload: Payload): boolean {
    const bytes = isLarge(payload) ? 0 : payload.length;
    return this.count < MAX_ENTRIES && this.used + bytes <= PAYLOAD_BYTES;
  }

  /** Appends a delivery, for which the block must have room. @returns its index. */
  append(delivery: Deliver): number {
    const { payload } = delivery;
    const index = this.count++;
    this.requestIds[index] = delivery.requestId;
    this.requesters[index] = delivery.requester;
    this.producerIds[index] = delivery.producerId;
    this.principals[index] = delivery.principal;
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

  /** Cost of a delivery, in bytes; estimated. */
  cost(index: number): number {
    const large = this.large.size > 0 ? this.large.get(index) : undefined;
    const payloadBytes = large ? large.length : this.end(index) - this.end(index - 1);
    return ENTRY_BYTES + payloadBytes + contextBytes(this.contexts[index] ?? NO_CONTEXT);
  }

  /** Restores a delivery, without its receivers. The payload is a copy unless it is shared: the block may be reused. */
  read(index: number, topic: string): Deliver {
    return {
      kind: "deliver",
      lane: NO_LANE,
      audience: NO_SESSIONS,
      callers: NO_SESSIONS,
      requestId: this.requestIds[index] ?? "",
      requester: this.requesters[index] ?? "",
      topic,
      producerId: this.producerIds[index] ?? "",
      principal: this.principals[index] ?? "",
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

  /** Drops a delivery; call once per delivery. A small payload is freed only when the block is reused or released. */
  drop(index: number): void {
    this.droppedCount++;
    this.requestIds[index] = "";
    this.requesters[index] = "";
    this.contexts[index] = NO_CONTEXT;
    if (this.large.size > 0) this.large.delete(index);
  }

  /** Empties a block whose deliveries are all dropped, so that it can be filled again. */
  reset(): void {
    this.used = 0;
    this.count = 0;
    this.droppedCount = 0;
  }

  private end(index: number): number {
    return index < 0 ? 0 : (this.ends[index] ?? 0);
  }
}

function isLarge(payload: Payload): boolean {
  return payload.length >= MIN_LARGE_BYTES;
}
