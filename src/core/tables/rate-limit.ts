import type { Instant } from "../vocabulary/model.js";

/** A token bucket. */
export class RateLimit {
  private tokens: number;
  private filledAt: Instant = Number.NEGATIVE_INFINITY;

  /**
   * @param perSecond - maximum rate; 0 for no limit.
   * @param burst - tokens that it holds when it is full; by default those of one second.
   */
  constructor(
    private readonly perSecond: number,
    private readonly burst = perSecond,
  ) {
    this.tokens = burst;
  }

  /** Takes a token. @returns 0 if there was one; otherwise the milliseconds until the next. */
  take(now: Instant): number {
    if (this.perSecond === 0) return 0;
    const gained = ((now - this.filledAt) * this.perSecond) / 1_000;
    this.tokens = Math.min(this.burst, this.tokens + gained);
    this.filledAt = now;
    if (this.tokens < 1) return Math.ceil(((1 - this.tokens) * 1_000) / this.perSecond);
    this.tokens -= 1;
    return 0;
  }
}
