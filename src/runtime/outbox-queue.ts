/**
 * What waits for one stream: its chunks in order, and the deliveries that were dropped from them and that no gap has
 * reported yet.
 */
import type { PeerAccount } from "../core/vocabulary/held-bytes.js";
import type { SessionKey } from "../core/vocabulary/model.js";
import type { BatchFactory } from "../ports/batch.js";
import type { Chunk } from "./chunk.js";
import { ChunkQueue } from "./chunk-queue.js";
import { LostRanges } from "./lost-ranges.js";

/** Largest message that merges several chunks, in bytes; far below the 4 MiB that gRPC receivers accept by default. */
const MAX_MERGED_BYTES = 256 * 1024;

/** The next message of a stream. */
export interface NextMessage {
  /** The message is their concatenation. */
  readonly parts: readonly Uint8Array[];
  /** The chunks that it consists of, beside gaps. */
  readonly chunks: readonly Chunk[];
  readonly deliveryCount: number;
  /** The sum of the costs of its assignments, in bytes. */
  readonly assignedBytes: number;
}

/** The queue of one stream. */
export class OutboxQueue {
  private readonly chunks = new ChunkQueue<Chunk>();
  /** The number of chunks that are sent before the replays; all other chunks follow them. */
  private aheadCount = 0;
  /** Dropped deliveries that no gap has reported yet. Created when needed: an empty map costs 200 bytes. */
  private lost: LostRanges | undefined = undefined;
  /** Bytes of the sealed chunks. */
  byteLength = 0;
  /** The part of them that the window of the producer bounds. */
  assignedBytes = 0;
  /** Deliveries that were dropped. */
  droppedCount = 0;

  /** @param account - is charged for what is kept of dropped deliveries. */
  constructor(private readonly account: PeerAccount) {}

  /** The number of chunks. */
  get length(): number {
    return this.chunks.length;
  }

  /** The oldest chunk; undefined if there is none. */
  get first(): Chunk | undefined {
    return this.chunks.first;
  }

  /** The newest chunk; undefined if there is none. */
  get last(): Chunk | undefined {
    return this.chunks.last;
  }

  /** The last chunk, if it is open, may not be dropped, and only this stream receives it. */
  get openTail(): Chunk | undefined {
    const tail = this.chunks.length > this.aheadCount ? this.chunks.last : undefined;
    return tail?.isOpen && tail.owners.length === 1 && !tail.isDroppable ? tail : undefined;
  }

  /** Whether chunks are to be sent before the replays. */
  get hasAhead(): boolean {
    return this.aheadCount > 0;
  }

  /** Replays begin: the chunks that are queued now are sent before them, and later ones after them. */
  beginReplays(): void {
    this.aheadCount = this.chunks.length;
  }

  /** Adds a chunk, which may still grow. */
  push(chunk: Chunk): void {
    this.chunks.push(chunk);
    chunk.hold();
  }

  /** Counts the bytes of a chunk once it is sealed. */
  count(chunk: Chunk): void {
    this.byteLength += chunk.cost;
    this.assignedBytes += chunk.assignedBytes;
  }

  /**
   * Takes sealed chunks as one message. It is the plain concatenation of its events, so nothing is encoded again. Dropped
   * deliveries are newer than the replays, so their gap follows the replays.
   */
  take(key: SessionKey, newBatch: BatchFactory): NextMessage {
    const parts: Uint8Array[] = [];
    const chunks: Chunk[] = [];
    if (this.lost && this.aheadCount === 0) {
      for (const part of this.lost.encode(key, newBatch)) parts.push(part);
      this.forgetLost();
    }
    let bytes = 0;
    let assignedBytes = 0;
    let deliveryCount = 0;
    for (let chunk = this.chunks.first; chunk && !chunk.isOpen; chunk = this.chunks.first) {
      if (chunks.length > 0 && bytes + chunk.byteLength > MAX_MERGED_BYTES) break;
      for (const part of chunk.seal()) parts.push(part);
      bytes += chunk.byteLength;
      assignedBytes += chunk.assignedBytes;
      deliveryCount += chunk.deliveryCount;
      this.byteLength -= chunk.cost;
      this.chunks.shift();
      chunks.push(chunk);
      if (chunks.length === this.aheadCount) break;
    }
    this.aheadCount = Math.max(0, this.aheadCount - chunks.length);
    this.assignedBytes -= assignedBytes;
    return { parts, chunks, deliveryCount, assignedBytes };
  }

  /** Drops the oldest chunk that may be dropped. @returns whether there was one. */
  dropOldest(keepsNewest: boolean): boolean {
    const chunk = this.chunks.dropOldest(keepsNewest);
    if (!chunk) return false;
    this.byteLength -= chunk.cost;
    for (const range of chunk.ranges) {
      this.droppedCount += range.count;
      this.lost ??= new LostRanges(this.account);
      this.lost.add(range);
    }
    chunk.leave();
    return true;
  }

  /** Releases everything. */
  clear(): void {
    for (let chunk = this.chunks.first; chunk; chunk = this.chunks.first) {
      this.chunks.shift();
      chunk.leave();
    }
    this.byteLength = 0;
    this.assignedBytes = 0;
    this.forgetLost();
  }

  private forgetLost(): void {
    this.lost?.release();
    this.lost = undefined;
  }
}
