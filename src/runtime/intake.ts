/**
 * Queues requests while the server is busy, so that results of accepted requests are processed before new requests.
 *
 * Results are always processed on arrival. A request is processed on arrival unless this turn of the event loop has used
 * up its time, earlier turns overran theirs, or other requests are queued. Queued requests are processed at the end of a
 * turn, after the results that arrived in it. So results keep flowing under any load. Peers take turns in the queue, so a
 * peer with many requests waits for itself. The core rejects a request that was queued too long for its TTL, instead of
 * accepting a request that it cannot answer in time.
 *
 * A message may be processed in part; see `slices`. The rests of messages and the queued messages take turns.
 */
import type { Instant } from "../core/vocabulary/model.js";
import type { Clock } from "../ports/clock.js";
import type { FromPeer, MessageOwner, ProcessMessage } from "../ports/runtime.js";
import { FairQueue } from "./fair-queue.js";

/**
 * Time that a turn of the event loop may use before further requests are queued, in milliseconds. HTTP/2 flow control is
 * served once a turn, so a long turn holds up the results.
 */
const TURN_MS = 5;
/**
 * Share of a turn's time that queued requests get at least, so that a flood of results does not starve them. Measured at
 * 4x4/128: with a quarter, the server accepted more requests than it could finish.
 */
const MIN_SHARE = 1 / 32;
/** Limit of the remembered overrun, in milliseconds. Results come in bursts; without a limit, so would requests. */
const MAX_DEBT_MS = 50;
/**
 * Limit of queued messages, in bytes. Beyond it, the oldest of a peer that has queued much are processed with an infinite
 * wait: they are rejected.
 */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/** Memory of a queued message beside its bytes; an estimate. */
const MESSAGE_BYTES = 512;

interface QueuedMessage {
  readonly queuedAt: Instant;
  readonly cost: number;
  readonly owner: MessageOwner;
  readonly processMessage: ProcessMessage;
}

/** Work that goes before all requests at the end of a turn. */
export interface WorkBeforeRequests {
  /** 0 if there is none. */
  readonly length: number;
  /** Does it for a time, in milliseconds. */
  run(now: Instant, ms: number): void;
}

const NO_WORK: WorkBeforeRequests = { length: 0, run: () => undefined };

/** The queue of messages that carry requests. */
export class Intake {
  private readonly queue = new FairQueue<QueuedMessage>();
  /** Goes on with the rest of a message each. */
  private readonly rests = new FairQueue<(now: Instant) => void>();
  private isRestNext = false;
  private turnStartedAt: Instant | undefined;
  /** By how much past turns overran their time, less the idle time after them, in milliseconds. */
  private debtMs = 0;
  private turnEndedAt: Instant = 0;

  /** @param before - returns the work that goes before all requests at the end of a turn. */
  constructor(
    private readonly clock: Clock,
    private readonly before: () => WorkBeforeRequests = () => NO_WORK,
  ) {}

  /** The number of queued messages, and of messages of which a rest is queued. */
  get length(): number {
    return this.queue.length + this.rests.length;
  }

  /** Whether further messages exceed the limit. */
  get isFull(): boolean {
    return this.queue.cost >= MAX_QUEUED_BYTES;
  }

  /** Time since the first work of this turn of the event loop, in milliseconds; 0 if there was none. */
  spentMs(now: Instant): number {
    return this.turnStartedAt === undefined ? 0 : now - this.turnStartedAt;
  }

  /** Starts measuring this turn of the event loop. Later calls in the same turn do nothing. */
  beginTurn(now: Instant): void {
    if (this.turnStartedAt !== undefined) return;
    this.turnStartedAt = now;
    this.debtMs = Math.max(0, this.debtMs - (now - this.turnEndedAt));
    setImmediate(() => this.endTurn());
  }

  /**
   * Processes a message now, or queues it for the end of this turn or a later one. A message that waits is charged to its
   * owner. If the owner holds far too much, the message is rejected instead.
   */
  schedule(byteLength: number, processMessage: ProcessMessage, owner: MessageOwner): void {
    const now = this.clock.now();
    this.beginTurn(now);
    if (this.length === 0 && this.debtMs === 0 && this.spentMs(now) < TURN_MS) {
      processMessage(0, now);
      return;
    }
    const cost = byteLength + MESSAGE_BYTES;
    owner.charge(cost);
    if (owner.pressure === "EXTREME") {
      owner.release(cost);
      processMessage(Number.POSITIVE_INFINITY, now);
      return;
    }
    this.queue.add(owner.peer, { queuedAt: now, cost, owner, processMessage }, cost);
    if (this.queue.cost > MAX_QUEUED_BYTES) this.rejectOldest(now);
  }

  /** Goes on with the rest of a message at the end of this turn or a later one. */
  goOnLater(from: FromPeer, processRest: (now: Instant) => void): void {
    this.rests.add(from.peer, processRest);
  }

  /** Rejects until the limit holds, but ends with this turn of the event loop: the next message goes on. */
  private rejectOldest(startedAt: Instant): void {
    for (let now = startedAt; this.queue.cost > MAX_QUEUED_BYTES && now - startedAt < TURN_MS; ) {
      const message = this.queue.takeFromHeavy();
      if (message) processNow(message, Number.POSITIVE_INFINITY, now);
      now = this.clock.now();
    }
  }

  private endTurn(): void {
    const beganAt = this.turnStartedAt ?? this.clock.now();
    const before = this.before();
    if (before.length > 0) before.run(this.clock.now(), this.length > 0 ? TURN_MS / 2 : TURN_MS);
    const startedAt = this.clock.now();
    const spentMs = startedAt - beganAt;
    const endAt = startedAt + Math.max(TURN_MS - spentMs - this.debtMs, spentMs * MIN_SHARE);
    let now = startedAt;
    while (this.length > 0) {
      this.processNext(now);
      now = this.clock.now();
      if (now >= endAt) break;
    }
    this.debtMs = Math.min(MAX_DEBT_MS, Math.max(0, this.debtMs + (now - beganAt) - TURN_MS));
    this.turnEndedAt = now;
    this.turnStartedAt = undefined;
    if (this.length > 0 || before.length > 0) this.beginTurn(now);
  }

  private processNext(now: Instant): void {
    this.isRestNext = !this.isRestNext;
    const processRest = this.isRestNext || this.queue.length === 0 ? this.rests.take() : undefined;
    if (processRest) {
      processRest(now);
      return;
    }
    const message = this.queue.take();
    if (message) processNow(message, now - message.queuedAt, now);
  }
}

function processNow({ owner, cost, processMessage }: QueuedMessage, waitedMs: number, now: Instant): void {
  owner.release(cost);
  processMessage(waitedMs, now);
}
