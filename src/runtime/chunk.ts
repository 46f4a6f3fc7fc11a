/**
 * A run of events for the same receivers. It is encoded once, and the queue of each receiver refers to it.
 */

import type { Deliver } from "../core/vocabulary/effect.js";
import type { PeerAccount } from "../core/vocabulary/held-bytes.js";
import { InvariantError } from "../core/vocabulary/invariant.js";
import type { Payload } from "../core/vocabulary/model.js";
import { ownBytes } from "../core/vocabulary/own-bytes.js";
import type { Batch, Sendable } from "../ports/batch.js";
import type { SharedPayloads } from "./shared-payloads.js";

/** Memory of a chunk beside its events, in bytes; an estimate. */
const CHUNK_BYTES = 512;

/** The deliveries of one topic in a chunk; a gap reports them if the chunk is dropped. */
export interface Range {
  readonly topic: string;
  from: number;
  last: number;
  count: number;
}

/** Which payloads the batch of a chunk refers to instead of copying them. */
export interface Sharing {
  readonly payloads: SharedPayloads;
  /** Size from which on it does. */
  readonly minBytes: number;
}

/** A queue in which a chunk waits. */
export interface ChunkOwner {
  /** Counts the bytes of a chunk that is sealed. */
  count(chunk: Chunk): void;
}

/** Queued events. A chunk is open until it is sealed, at the latest at the end of the event-loop turn. */
export class Chunk {
  private parts: readonly Uint8Array[] | undefined;
  /** Undefined once the chunk is sealed: a batch takes as much memory as a small chunk. */
  private batch: Batch | undefined;
  private sealedBytes = 0;
  /** Created for the second topic; most chunks have one. */
  private rangeByTopic: Map<string, Range> | undefined;
  private latest: Range | undefined;
  /** The number of deliveries in the chunk. */
  deliveryCount = 0;
  /** The sum of the costs of the assignments in the chunk, in bytes. */
  assignedBytes = 0;
  /** Whether the chunk holds only deliveries, so that it may be dropped for a slow listener. */
  isDroppable = true;
  /** Queues in which it waits, and messages on their way that refer to it. */
  private holderCount = 0;
  private chargedBytes = 0;
  /** The payloads that it refers to; most chunks have none. */
  private payloads: Payload[] | undefined = undefined;
  private payloadBytes = 0;

  /**
   * @param owners - the queues of its receivers.
   * @param account - of the peer that owns all of them, or of no peer. It is charged once, however many they are.
   */
  constructor(
    batch: Batch,
    readonly owners: readonly ChunkOwner[],
    private readonly account: PeerAccount,
    private readonly sharing: Sharing,
  ) {
    this.batch = batch;
  }

  /** Whether events may still be appended. */
  get isOpen(): boolean {
    return this.parts === undefined;
  }

  /** Encoded bytes so far. */
  get byteLength(): number {
    return this.batch?.byteLength ?? this.sealedBytes;
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
    this.openBatch().append(delivery);
    if (delivery.payload.length >= this.sharing.minBytes) this.share(delivery.payload);
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
    this.openBatch().append(event);
    if (event.kind !== "assign" && event.kind !== "deliver") return;
    if (event.payload.length >= this.sharing.minBytes) this.share(event.payload);
  }

  /** Closes the chunk for further events, and charges it. @returns the encoded events; the same parts at every call. */
  seal(): readonly Uint8Array[] {
    if (this.parts) return this.parts;
    const batch = this.openBatch();
    this.parts = batch.finish();
    this.sealedBytes = batch.byteLength;
    this.batch = undefined;
    if (this.holderCount > 0) {
      this.chargedBytes = this.cost - this.payloadBytes;
      this.account.charge(this.chargedBytes);
    }
    return this.parts;
  }

  /**
   * Gives a chunk that has to wait memory of its own. Small buffers are parts of a larger one, which stays in memory as long
   * as any of them. A chunk that is sent in the turn in which it was sealed, as most are, is not worth a copy.
   */
  settle(): void {
    if (this.holderCount > 0 && this.parts) this.parts = this.parts.map(ownBytes);
  }

  /** A queue, or a message on its way, refers to the chunk. */
  hold(): void {
    this.holderCount++;
  }

  /** A queue, or a message on its way, no longer refers to the chunk; it is released by the last one. */
  leave(): void {
    if (--this.holderCount > 0) return;
    if (this.chargedBytes > 0) this.account.release(this.chargedBytes);
    this.chargedBytes = 0;
    if (!this.payloads) return;
    for (const payload of this.payloads) this.sharing.payloads.release(payload);
    this.payloads = undefined;
  }

  private openBatch(): Batch {
    if (!this.batch) throw new InvariantError("a sealed chunk gets another event");
    return this.batch;
  }

  private share(payload: Payload): void {
    this.payloadBytes += payload.length;
    if (this.holderCount === 0) return;
    this.payloads ??= [];
    this.payloads.push(payload);
    this.sharing.payloads.hold(payload, this.account);
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
