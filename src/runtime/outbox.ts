/**
 * The send queue of one stream. It is bounded in bytes and sent in as few messages as possible. If a listener reads too
 * slowly, the oldest deliveries are dropped, and a gap reports them.
 */
import type { AddressedEffect, Close, Ready, Replay } from "../core/vocabulary/effect.js";
import type { PeerAccount, Pressure } from "../core/vocabulary/held-bytes.js";
import type { SessionKey } from "../core/vocabulary/model.js";
import { type Refusal, refusal } from "../core/vocabulary/reason.js";
import type { BatchFactory } from "../ports/batch.js";
import type { OutboxBound } from "../ports/runtime.js";
import type { Sink } from "../ports/sink.js";
import type { Chunk } from "./chunk.js";
import { InFlight } from "./in-flight.js";
import { OutboxQueue } from "./outbox-queue.js";
import type { ReplayQueue } from "./replay-queue.js";
import { StallWatch } from "./stall-watch.js";

/** Limit of bytes in flight to the transport; usually more than one turn of the event loop produces. */
const MAX_IN_FLIGHT_BYTES = 1024 * 1024;
/**
 * Limit of messages in flight to the transport. What waits here can still be merged. And when a stream breaks, Node creates
 * an error for each message that waits in it.
 */
const MAX_IN_FLIGHT_MESSAGES = 32;
/** Limit of replayed bytes in flight. It is lower, because every listener has its own copy of a replay. */
const MAX_REPLAY_IN_FLIGHT_BYTES = 64 * 1024;

/**
 * While memory is short, a listener that drops keeps no more than this of its queue, and no stream has more in flight
 * before its next message, in bytes.
 */
const FLOOR_BYTES = 64 * 1024;

const NO_CHUNKS: readonly Chunk[] = [];

/** Delay after which a peer that was disconnected as slow should retry, in milliseconds. */
const RETRY_AFTER_MS = 1_000;

/** The stream of an outbox. */
export interface OutboxStream {
  readonly key: SessionKey;
  readonly sink: Sink;
  /** The account of its peer, which the outbox closes at its end. */
  readonly account: PeerAccount;
}

/** Services that all outboxes share. */
export interface OutboxServices {
  readonly newBatch: BatchFactory;
  /** Called when a stream is closed because its peer reads too slowly. */
  readonly onOverflow: (key: SessionKey) => void;
  /** Called when the transport has taken assignments. @param bytes - the sum of their costs. */
  readonly onWritten: (key: SessionKey, bytes: number) => void;
}

/** The send queue of one stream. */
export class Outbox {
  readonly key: SessionKey;
  /** The account of its peer. It is charged for what waits for this peer alone. */
  readonly account: PeerAccount;
  private readonly sink: Sink;
  private readonly queue: OutboxQueue;
  private readonly inFlight: InFlight;
  /** Whether it is queued to be flushed in a later turn; only the queue sets it. */
  awaitsFlush = false;
  /** Costs of written assignments that are not reported yet. */
  private unreportedBytes = 0;
  private maxBytes: number;
  private isDropping = false;
  private isOpening = false;
  /**
   * Bytes that were queued when the listener's session opened: its cursors and gaps. Until the queue is empty, they are
   * allowed beyond the bound; otherwise a listener on many topics with a small buffer could never come back.
   */
  private openingBytes = 0;
  private deliveredTotal = 0;
  private readonly stall: StallWatch | undefined;
  private closing: Close | undefined;
  private isOver = false;
  private isReleased = false;

  constructor(
    { key, sink, account }: OutboxStream,
    private readonly bound: OutboxBound,
    private readonly replays: ReplayQueue,
    private readonly shared: OutboxServices,
  ) {
    this.key = key;
    this.sink = sink;
    this.account = account;
    this.queue = new OutboxQueue(account);
    this.inFlight = new InFlight(account);
    this.maxBytes = bound.maxBytes;
    const hasWork = () => !this.isOver && this.inFlight.byteLength > 0;
    this.stall = bound.stall && new StallWatch(bound.stall, sink, hasWork, () => this.closeAsStalled());
  }

  /** Key of the peer of the stream. */
  get peer(): string {
    return this.account.peer;
  }

  /** Whether a rejected submission ends the stream. If false, the rejection is sent on the stream. */
  get endsOnReject(): boolean {
    return this.bound.endsOnReject;
  }

  /** Queued bytes, without bytes in flight and without replays, which are still in the log. */
  get byteLength(): number {
    return this.queue.byteLength;
  }

  /** Deliveries given to the transport. */
  get deliveredCount(): number {
    return this.deliveredTotal;
  }

  /** Deliveries lost because the peer read too slowly. */
  get droppedCount(): number {
    return this.queue.droppedCount;
  }

  /** The last chunk, if it is open, may not be dropped, and only this stream receives it. */
  get openTail(): Chunk | undefined {
    return this.queue.openTail;
  }

  /** The bytes by which the queue exceeds its bound; at most 0 if it does not. */
  private get excessBytes(): number {
    return this.queue.byteLength - this.queue.assignedBytes - this.maxBytes - this.openingBytes;
  }

  /** Applies an effect that changes the stream itself. */
  apply(effect: AddressedEffect): void {
    if (effect.kind === "ready") this.configure(effect);
    else if (effect.kind === "replay") this.replay(effect);
    else if (effect.kind === "close") this.close(effect);
  }

  /** Enqueues a chunk, which may still grow. */
  push(chunk: Chunk): void {
    if (!this.isOver) this.queue.push(chunk);
  }

  /** Counts the bytes of a queued chunk once it is sealed. */
  count(chunk: Chunk): void {
    if (!this.isOver) this.queue.count(chunk);
  }

  /**
   * Sends as much as the transport accepts, then enforces the bound of the queue. Ends the stream if a close is pending
   * and everything is sent.
   */
  flush(): void {
    if (this.isOpening) {
      this.isOpening = false;
      this.openingBytes = this.queue.byteLength;
    }
    const { pressure } = this.account;
    for (let hasSent = this.sendNext(pressure); hasSent; ) hasSent = this.sendNext(pressure);
    if (this.queue.length === 0) this.openingBytes = 0;
    else if (pressure !== "NONE") this.makeRoom(pressure);
    if (this.excessBytes > 0) this.enforceBound();
    if (this.closing && this.queue.length === 0 && this.replays.isEmpty) this.end(this.closing);
  }

  /** Ends the stream at once because of a bug. */
  fail(bug: unknown): void {
    this.stop();
    this.sink.fail(bug);
  }

  /** Releases everything; the stream has closed, and nothing is in flight any more. */
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.stop();
    this.inFlight.release();
    this.account.close();
  }

  /** Releases the queue. */
  private stop(): void {
    this.isOver = true;
    this.stall?.stop();
    this.queue.clear();
    this.replays.clear();
  }

  private configure(ready: Ready): void {
    this.maxBytes = ready.bufferBytes;
    this.isOpening = true;
    this.isDropping = ready.overflowAction === "DROP_OLDEST";
  }

  private close(effect: Close): void {
    if (this.closing || this.isOver) return;
    this.closing = effect;
    if (this.queue.length > 0 || !this.replays.isEmpty) this.sink.closing();
  }

  private replay(effect: Replay): void {
    if (this.isOver) return;
    if (this.replays.isEmpty) this.queue.beginReplays();
    this.replays.add(effect);
  }

  /**
   * Sends the next message, if the transport may get one. A replay goes before all chunks that were queued after it.
   *
   * @returns whether a message was sent.
   */
  private sendNext(pressure: Pressure): boolean {
    const isReplaying = !this.queue.hasAhead && !this.replays.isEmpty;
    const maxUnpressed = isReplaying ? MAX_REPLAY_IN_FLIGHT_BYTES : MAX_IN_FLIGHT_BYTES;
    const maxInFlight = pressure === "NONE" ? maxUnpressed : FLOOR_BYTES;
    if (this.isOver || this.inFlight.byteLength >= maxInFlight) return false;
    if (this.inFlight.count >= MAX_IN_FLIGHT_MESSAGES) return false;
    if (isReplaying) {
      // The heartbeat tries again.
      if (pressure === "EXTREME") return false;
      const { parts, deliveryCount } = this.replays.take();
      this.deliveredTotal += deliveryCount;
      this.send(parts, 0, NO_CHUNKS);
      return true;
    }
    const { first } = this.queue;
    if (first?.isOpen !== false || (pressure === "EXTREME" && first.cost > FLOOR_BYTES)) return false;
    const { parts, chunks, deliveryCount, assignedBytes } = this.queue.take(this.key, this.shared.newBatch);
    this.deliveredTotal += deliveryCount;
    this.send(parts, assignedBytes, chunks);
    return true;
  }

  /** @param chunks - the chunks that the message consists of, if it is one of chunks. */
  private send(parts: readonly Uint8Array[], assignedBytes: number, chunks: readonly Chunk[]): void {
    let byteLength = 0;
    for (const part of parts) byteLength += part.length;
    const heldBytes = this.inFlight.begin(byteLength, chunks);
    this.stall?.begin();
    this.sink.write(parts, () => {
      if (!this.inFlight.taken(byteLength, heldBytes)) return;
      if (assignedBytes > 0) this.noteWritten(assignedBytes);
      this.flush();
    });
  }

  /** Reports written assignments, many at once: the core only needs to know before the window can be full. */
  private noteWritten(assignedBytes: number): void {
    this.unreportedBytes += assignedBytes;
    const { reportAtBytes = Number.POSITIVE_INFINITY } = this.bound;
    if (this.isOver || this.unreportedBytes < reportAtBytes) return;
    const bytes = this.unreportedBytes;
    this.unreportedBytes = 0;
    this.shared.onWritten(this.key, bytes);
  }

  /**
   * Drops the oldest deliveries, or closes the stream. The newest chunk always stays: otherwise a listener with a small
   * buffer would never get a large delivery.
   */
  private enforceBound(): void {
    while (this.isDropping && this.excessBytes > 0 && this.queue.dropOldest(true));
    const newest = this.isDropping ? (this.queue.last?.cost ?? 0) : 0;
    if (this.excessBytes - newest > 0 && this.queue.length > 1) this.closeAsSlow();
  }

  /**
   * Keeps little while memory is short: a listener that drops keeps {@link FLOOR_BYTES}, and what is in flight. If that
   * does not suffice, a stream for which more waits ends.
   */
  private makeRoom(pressure: Pressure): void {
    const keepsNewest = pressure === "HIGH" && this.inFlight.byteLength === 0;
    while (this.isDropping && this.queue.byteLength > FLOOR_BYTES && this.queue.dropOldest(keepsNewest));
    if (pressure !== "EXTREME" || this.queue.byteLength <= FLOOR_BYTES) return;
    const refused = this.account.refusalOf(this.queue.byteLength);
    if (refused) this.cut(refused);
  }

  private closeAsSlow(): void {
    const limit = String(this.maxBytes);
    const message = `${this.queue.byteLength} bytes are queued of at most ${limit}; read faster or ask for less`;
    this.cut(refusal(this.bound.overflow, message, { limit }, RETRY_AFTER_MS));
  }

  private closeAsStalled(): void {
    const limit = String(this.stall?.timeoutMs);
    const waiting = this.queue.byteLength + this.inFlight.byteLength;
    const message = `nothing was read for ${limit} ms, and ${waiting} bytes wait; read while work is in progress`;
    this.cut(refusal(this.bound.overflow, message, { limit_ms: limit }, RETRY_AFTER_MS));
  }

  /** Ends the session at once. The peer may never read its status, so the end of the stream would come too late. */
  private cut(refused: Refusal): void {
    this.end({ kind: "close", to: this.key, refusal: refused });
    this.shared.onOverflow(this.key);
  }

  private end({ refusal: reason }: Close): void {
    if (this.isOver) return;
    this.stop();
    this.sink.end(reason);
  }
}
