/**
 * Where requests wait while the server is busy, so that what was begun is finished before more is begun.
 *
 * Results are taken up as they come. A request is too, unless this turn of the event loop has had its time, turns before
 * it had more, or others wait already: then its turn comes when the results that came with it are dealt with. However
 * much is asked, the results of what was taken keep flowing, and a request that waited too long for its TTL is refused by
 * the core instead of taken and never answered.
 */
import type { Instant } from "../core/vocabulary/model.js";
import type { Clock } from "../ports/clock.js";
import type { TakeUp } from "../ports/runtime.js";

/**
 * How long a turn of the event loop may have lasted, in milliseconds, before requests wait for its end: peers' windows
 * are refilled once a turn, so long ones hold up the results.
 */
const TURN_MS = 5;
/**
 * Requests get at least this share of what a turn took, so that a flood of results does not shut them out. Measured at
 * 4x4/128: with a quarter, more was begun than could be finished.
 */
const LEAST_SHARE = 1 / 32;
/** Of what turns took beyond their time, so much is remembered: results come in bursts, and so would requests. */
const MOST_DEBT_MS = 50;
/** What may wait, in bytes; beyond it, what waited longest is told that it waited too long. */
const MOST_BYTES = 64 * 1024 * 1024;
/** What a message counts for beside its bytes; estimated. */
const MESSAGE_BYTES = 512;

interface Waiting {
  readonly since: Instant;
  readonly cost: number;
  readonly takeUp: TakeUp;
  next: Waiting | undefined;
}

/** Messages with requests, in the order in which they came, whoever sent them. */
export class Intake {
  private first: Waiting | undefined;
  private last: Waiting | undefined;
  private count = 0;
  private waitingBytes = 0;
  private turnBegan: Instant | undefined;
  /** What turns took beyond their time, less what was idle since. */
  private debtMs = 0;
  private turnEnded: Instant = 0;

  constructor(private readonly clock: Clock) {}

  /** How many messages wait. */
  get length(): number {
    return this.count;
  }

  /** Notes that something is being done; the first time in a turn of the event loop begins to count. */
  noteWork(now: Instant): void {
    if (this.turnBegan !== undefined) return;
    this.turnBegan = now;
    this.debtMs = Math.max(0, this.debtMs - (now - this.turnEnded));
    setImmediate(() => this.endTurn());
  }

  /** Takes a message up now, or at the end of this turn or a following one. */
  enter(byteLength: number, takeUp: TakeUp): void {
    const now = this.clock.now();
    this.noteWork(now);
    if (this.count === 0 && this.debtMs === 0 && now - (this.turnBegan ?? now) < TURN_MS) {
      takeUp(0);
      return;
    }
    const cost = byteLength + MESSAGE_BYTES;
    const waiting: Waiting = { since: now, cost, takeUp, next: undefined };
    if (this.last) this.last.next = waiting;
    else this.first = waiting;
    this.last = waiting;
    this.count++;
    this.waitingBytes += cost;
    while (this.waitingBytes > MOST_BYTES) this.takeNext(Number.POSITIVE_INFINITY);
  }

  private endTurn(): void {
    const startedAt = this.clock.now();
    const began = this.turnBegan ?? startedAt;
    const spentMs = startedAt - began;
    const until = startedAt + Math.max(TURN_MS - spentMs - this.debtMs, spentMs * LEAST_SHARE);
    let now = startedAt;
    while (this.count > 0) {
      this.takeNext(now);
      now = this.clock.now();
      if (now >= until) break;
    }
    this.debtMs = Math.min(MOST_DEBT_MS, Math.max(0, this.debtMs + (now - began) - TURN_MS));
    this.turnEnded = now;
    this.turnBegan = undefined;
    if (this.count > 0) this.noteWork(now);
  }

  private takeNext(now: Instant): void {
    const { first } = this;
    if (!first) return;
    this.first = first.next;
    if (!this.first) this.last = undefined;
    this.count--;
    this.waitingBytes -= first.cost;
    first.takeUp(now - first.since);
  }
}
