import type { Instant } from "../core/vocabulary/model.js";
import type { Clock } from "../ports/clock.js";

/** Shortest time between two wake-ups, in milliseconds. Deadlines within this time are settled together. */
const TICK_MS = 5;
/** Longest sleep of one timer, in milliseconds: Node's timers overflow at 2^31. Longer sleeps take several timers. */
const MAX_SLEEP_MS = 2 ** 30;

/** The one timer of the process: sleeps until the next deadline. */
export class Pacemaker {
  private timer: NodeJS.Timeout | undefined;
  private wakeAt: Instant = Number.POSITIVE_INFINITY;
  private wokeAt: Instant = Number.NEGATIVE_INFINITY;

  /** @param wake - called when a deadline may have passed. It must arm the pacemaker again. */
  constructor(
    private readonly clock: Clock,
    private readonly wake: () => void,
  ) {}

  /** Sets the next wake-up to at most one tick after `deadline`. An earlier wake-up stays. */
  arm(deadline: Instant): void {
    if (deadline >= this.wakeAt || deadline === Number.POSITIVE_INFINITY) return;
    if (this.timer) clearTimeout(this.timer);
    const now = this.clock.now();
    this.wakeAt = Math.max(deadline, this.wokeAt + TICK_MS);
    // The core settles deadlines strictly before the current instant, and a timer may fire up to 1 ms early: add 1 ms.
    const sleepMs = Math.min(Math.max(1, Math.ceil(this.wakeAt - now) + 1), MAX_SLEEP_MS);
    this.timer = setTimeout(() => this.fire(), sleepMs);
  }

  /** Stops all wake-ups. */
  stop(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = undefined;
    this.wakeAt = Number.NEGATIVE_INFINITY;
  }

  private fire(): void {
    this.timer = undefined;
    this.wakeAt = Number.POSITIVE_INFINITY;
    this.wokeAt = this.clock.now();
    this.wake();
  }
}
