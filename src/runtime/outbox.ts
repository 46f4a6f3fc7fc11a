/**
 * What waits to be sent on one stream: bounded in bytes, sent in as few messages as possible, and when a listener reads
 * too slowly, the oldest deliveries go and a gap says which.
 */
import type { AddressedEffect, Close, Ready, Replay } from "../core/vocabulary/effect.js";
import type { SessionKey } from "../core/vocabulary/model.js";
import { type ReasonName, refusal } from "../core/vocabulary/reason.js";
import type { BatchFactory } from "../ports/batch.js";
import type { OutboxBound } from "../ports/runtime.js";
import type { Sink } from "../ports/sink.js";
import type { Chunk, Range } from "./chunk.js";
import type { ReplayQueue } from "./replay-queue.js";

/** Bytes given to the transport before it has to take some; more than one turn of the event loop brings as a rule. */
const MOST_IN_FLIGHT_BYTES = 1024 * 1024;
/** Largest message made of several chunks; well below the 4 MiB that receivers accept by default. */
const MOST_MERGED_BYTES = 256 * 1024;
/** Bytes of a replay given to the transport ahead: a copy of each listener's own, which many hold at a time. */
const REPLAY_IN_FLIGHT_BYTES = 64 * 1024;

/** When a peer that was closed for reading too slowly may come back, in milliseconds. */
const RETRY_AFTER_MS = 1_000;

/** What all outboxes share. */
export interface OutboxServices {
  readonly newBatch: BatchFactory;
  /** Called when a stream was closed because its peer reads too slowly. */
  readonly tellOverflow: (key: SessionKey) => void;
}

/** The queue of one stream. */
export class Outbox {
  private readonly queue: Chunk[] = [];
  /** Chunks of the queue that go before the replays; all others go behind. */
  private aheadCount = 0;
  private queuedBytes = 0;
  private inFlightBytes = 0;
  private maxBytes: number;
  private readonly overflow: ReasonName;
  private isDropping = false;
  /** What no gap has told yet, by topic; made when there is something, since an empty map costs 200 bytes. */
  private lost: Map<string, Range> | undefined = undefined;
  private droppedTotal = 0;
  private deliveredTotal = 0;
  /** Whether a refused submission ends the stream instead of being told on it. */
  readonly endsOnReject: boolean;
  private closing: Close | undefined;
  private isOver = false;

  constructor(
    readonly key: SessionKey,
    private readonly sink: Sink,
    bound: OutboxBound,
    private readonly replays: ReplayQueue,
    private readonly shared: OutboxServices,
  ) {
    this.maxBytes = bound.maxBytes;
    this.overflow = bound.overflow;
    this.endsOnReject = bound.endsOnReject;
  }

  /** Bytes that wait, without those with the transport and those to be replayed, which only the log holds. */
  get byteLength(): number {
    return this.queuedBytes;
  }

  /** Deliveries handed to the transport. */
  get deliveredCount(): number {
    return this.deliveredTotal;
  }

  /** Deliveries lost because the peer read too slowly. */
  get droppedCount(): number {
    return this.droppedTotal;
  }

  /** Whether nothing more will be sent. */
  get isClosed(): boolean {
    return this.isOver;
  }

  /** The last chunk, if orders for this stream alone may be added to it. */
  get openTail(): Chunk | undefined {
    const tail = this.queue.length > this.aheadCount ? this.queue.at(-1) : undefined;
    return tail?.isOpen && tail.owners.length === 1 && !tail.isDroppable ? tail : undefined;
  }

  /** Takes what an order says about the stream itself. */
  note(order: AddressedEffect): void {
    if (order.kind === "ready") this.obey(order);
    else if (order.kind === "replay") this.replay(order);
    else if (order.kind === "close") this.close(order);
  }

  /** Queues a chunk, which may still grow. */
  push(chunk: Chunk): void {
    if (!this.isOver) this.queue.push(chunk);
  }

  /** Counts a chunk of the queue that will not grow any more. */
  account(chunk: Chunk): void {
    if (!this.isOver) this.queuedBytes += chunk.cost;
  }

  /**
   * Sends what the transport takes, drops what is then too much, and ends the stream when all is sent and an end was
   * ordered.
   */
  flush(): void {
    for (let message = this.nextMessage(); message; message = this.nextMessage()) this.send(message);
    if (this.queuedBytes > this.maxBytes) this.shed();
    if (this.closing && this.queue.length === 0 && this.replays.isEmpty) this.end(this.closing);
  }

  /** Forgets everything; the stream has ended. */
  release(): void {
    this.isOver = true;
    this.queue.length = 0;
    this.replays.clear();
    this.queuedBytes = 0;
    this.lost = undefined;
  }

  private obey(ready: Ready): void {
    this.maxBytes = ready.bufferBytes;
    this.isDropping = ready.overflowAction === "DROP_OLDEST";
  }

  private close(order: Close): void {
    if (this.closing || this.isOver) return;
    this.closing = order;
    if (this.queue.length > 0 || !this.replays.isEmpty) this.sink.closing();
  }

  private replay(order: Replay): void {
    if (this.isOver) return;
    if (this.replays.isEmpty) this.aheadCount = this.queue.length;
    this.replays.add(order);
  }

  /** What goes next to the transport, if it takes anything: a replay before all that came after it. */
  private nextMessage(): readonly Uint8Array[] | undefined {
    const isReplaying = this.aheadCount === 0 && !this.replays.isEmpty;
    const most = isReplaying ? REPLAY_IN_FLIGHT_BYTES : MOST_IN_FLIGHT_BYTES;
    if (this.isOver || this.inFlightBytes >= most) return undefined;
    if (!isReplaying) return this.queue[0]?.isOpen === false ? this.takeMessage() : undefined;
    const { message, deliveryCount } = this.replays.take();
    this.deliveredTotal += deliveryCount;
    return [message];
  }

  private send(parts: readonly Uint8Array[]): void {
    const byteLength = parts.reduce((sum, part) => sum + part.byteLength, 0);
    this.inFlightBytes += byteLength;
    this.sink.write(parts, () => {
      this.inFlightBytes -= byteLength;
      this.flush();
    });
  }

  /** A message is the plain concatenation of its events, so chunks need not be encoded anew. */
  private takeMessage(): readonly Uint8Array[] {
    const parts: Uint8Array[] = [];
    // What was dropped came after what is replayed, and so does its gap.
    if (this.lost && this.aheadCount === 0) parts.push(this.takeGaps(this.lost));
    let taken = 0;
    let bytes = 0;
    for (const chunk of this.queue) {
      if (chunk.isOpen || (taken > 0 && bytes + chunk.byteLength > MOST_MERGED_BYTES)) break;
      parts.push(chunk.seal());
      bytes += chunk.byteLength;
      this.queuedBytes -= chunk.cost;
      this.deliveredTotal += chunk.deliveryCount;
      taken++;
      if (taken === this.aheadCount) break;
    }
    this.queue.splice(0, taken);
    this.aheadCount = Math.max(0, this.aheadCount - taken);
    return parts;
  }

  private takeGaps(lost: ReadonlyMap<string, Range>): Uint8Array {
    const batch = this.shared.newBatch();
    for (const { topic, from, last, count } of lost.values()) {
      const reason = "SLOW_LISTENER";
      batch.append({ kind: "gap", to: this.key, topic, reason, from, last, lostCount: count });
    }
    this.lost = undefined;
    return batch.finish();
  }

  /** One chunk always has room, or a listener with a small buffer would never get a large delivery. */
  private shed(): void {
    for (let i = 0; this.isDropping && this.queuedBytes > this.maxBytes && i < this.queue.length - 1; ) {
      const chunk = this.queue[i];
      if (!chunk?.isDroppable || chunk.isOpen) {
        i++;
        continue;
      }
      this.queue.splice(i, 1);
      this.queuedBytes -= chunk.cost;
      for (const range of chunk.ranges) this.lose(range);
    }
    const newest = this.isDropping ? (this.queue.at(-1)?.cost ?? 0) : 0;
    if (this.queuedBytes - newest > this.maxBytes && this.queue.length > 1) this.overflowed();
  }

  private lose({ topic, from, last, count }: Range): void {
    this.droppedTotal += count;
    this.lost ??= new Map();
    const known = this.lost.get(topic);
    if (!known) {
      this.lost.set(topic, { topic, from, last, count });
      return;
    }
    known.last = last;
    known.count += count;
  }

  /** The peer may never read its status, so its session ends here and not with its stream. */
  private overflowed(): void {
    const limit = String(this.maxBytes);
    const message = `${this.queuedBytes} bytes wait to be read of at most ${limit}; read faster or ask for less`;
    const refused = refusal(this.overflow, message, { limit }, RETRY_AFTER_MS);
    this.end({ kind: "close", to: this.key, refusal: refused });
    this.shared.tellOverflow(this.key);
  }

  private end({ refusal: reason }: Close): void {
    if (this.isOver) return;
    this.release();
    this.sink.end(reason);
  }
}
