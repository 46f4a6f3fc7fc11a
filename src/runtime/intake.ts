/**
 * Queues requests while the server is busy, so that results of accepted requests are processed before new requests.
 *
 * Results are always processed on arrival. A request is processed on arrival unless this turn of the event loop has used
 * up its time, earlier turns overran theirs, or other requests are queued. Queued requests are processed at the end of a
 * turn, after the results that arrived in it. So results keep flowing under any load. The core rejects a request that
 * was queued too long for its TTL, instead of accepting a request that it cannot answer in time.
 */
import type { Instant } from "../core/vocabulary/model.js";
import type { Clock } from "../ports/clock.js";
import type { ProcessMessage } from "../ports/runtime.js";

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
/** Limit of queued messages, in bytes. Beyond it, the oldest are processed with an infinite wait: they are rejected. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/** Memory of a queued message beside its bytes; an estimate. */
const MESSAGE_BYTES = 512;

interface QueuedMessage {
  readonly queuedAt: Instant;
  readonly cost: number;
  readonly processMessage: ProcessMessage;
  next: QueuedMessage | undefined;
}

/** The queue of messages that carry requests, in order of arrival across all callers. */
export class Intake {
  private first: QueuedMessage | undefined;
  private last: QueuedMessage | undefined;
  private count = 0;
  private queuedBytes = 0;
  private turnStartedAt: Instant | undefined;
  /** By how much past turns overran their time, less the idle time after them, in milliseconds. */
  private debtMs = 0;
  private turnEndedAt: Instant = 0;

  constructor(private readonly clock: Clock) {}

  /** The number of queued messages. */
  get length(): number {
    return this.count;
  }

  /** Starts measuring this turn of the event loop. Later calls in the same turn do nothing. */
  beginTurn(now: Instant): void {
    if (this.turnStartedAt !== undefined) return;
    this.turnStartedAt = now;
    this.debtMs = Math.max(0, this.debtMs - (now - this.turnEndedAt));
    setImmediate(() => this.endTurn());
  }

  /** Processes a message now, or queues it for the end of this turn or a later one. */
  schedule(byteLength: number, processMessage: ProcessMessage): void {
    const now = this.clock.now();
    this.beginTurn(now);
    if (this.count === 0 && this.debtMs === 0 && now - (this.turnStartedAt ?? now) < TURN_MS) {
      processMessage(0);
      return;
    }
    const cost = byteLength + MESSAGE_BYTES;
    const message: QueuedMessage = { queuedAt: now, cost, processMessage, next: undefined };
    if (this.last) this.last.next = message;
    else this.first = message;
    this.last = message;
    this.count++;
    this.queuedBytes += cost;
    while (this.queuedBytes > MAX_QUEUED_BYTES) this.processNext(Number.POSITIVE_INFINITY);
  }

  private endTurn(): void {
    const startedAt = this.clock.now();
    const beganAt = this.turnStartedAt ?? startedAt;
    const spentMs = startedAt - beganAt;
    const endAt = startedAt + Math.max(TURN_MS - spentMs - this.debtMs, spentMs * MIN_SHARE);
    let now = startedAt;
    while (this.count > 0) {
      this.processNext(now);
      now = this.clock.now();
      if (now >= endAt) break;
    }
    this.debtMs = Math.min(MAX_DEBT_MS, Math.max(0, this.debtMs + (now - beganAt) - TURN_MS));
    this.turnEndedAt = now;
    this.turnStartedAt = undefined;
    if (this.count > 0) this.beginTurn(now);
  }

  private processNext(now: Instant): void {
    const { first } = this;
    if (!first) return;
    this.first = first.next;
    if (!this.first) this.last = undefined;
    this.count--;
    this.queuedBytes -= first.cost;
    first.processMessage(now - first.queuedAt);
  }
}
