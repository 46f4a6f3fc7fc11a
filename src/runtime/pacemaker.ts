import type { Instant } from "../core/vocabulary/model.js";
import type { Clock } from "../ports/clock.js";

/** Shortest time between two wake-ups, in milliseconds; deadlines within it are settled together. */
const TICK_MS = 5;
/** Longest time a timer can be set for without overflowing; the rest is slept in further turns. */
const LONGEST_SLEEP_MS = 2 ** 30;

/** The one timer of the process: sleeps until the next deadline. */
export class Pacemaker {
  private timer: NodeJS.Timeout | undefined;
  private wakeAt: Instant = Number.POSITIVE_INFINITY;
  private wokeAt: Instant = Number.NEGATIVE_INFINITY;

  /** @param wake - called when a deadline may have passed; arms the pacemaker anew. */
  constructor(
    private readonly clock: Clock,
    private readonly wake: () => void,
  ) {}

  /** Wakes no later than a tick after an instant, or earlier if it was armed for earlier. */
  arm(deadline: Instant): void {
    if (deadline >= this.wakeAt || deadline === Number.POSITIVE_INFINITY) return;
    if (this.timer) clearTimeout(this.timer);
    const now = this.clock.now();
    this.wakeAt = Math.max(deadline, this.wokeAt + TICK_MS);
    // Due is what lies strictly before the instant of waking, and a timer may fire up to a millisecond early.
    const sleepMs = Math.min(Math.max(1, Math.ceil(this.wakeAt - now) + 1), LONGEST_SLEEP_MS);
    this.timer = setTimeout(() => this.ring(), sleepMs);
  }

  /** Sleeps for good. */
  stop(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = undefined;
    this.wakeAt = Number.NEGATIVE_INFINITY;
  }

  private ring(): void {
    this.timer = undefined;
    this.wakeAt = Number.POSITIVE_INFINITY;
    this.wokeAt = this.clock.now();
    this.wake();
  }
}
