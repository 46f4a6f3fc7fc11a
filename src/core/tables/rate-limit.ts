import type { Instant } from "../vocabulary/model.js";

/** A token bucket that holds the tokens of one second, which is therefore the maximum burst. */
export class RateLimit {
  private tokens: number;
  private filledAt: Instant = Number.NEGATIVE_INFINITY;

  /** @param perSecond - maximum rate; 0 for no limit. */
  constructor(private readonly perSecond: number) {
    this.tokens = perSecond;
  }

  /** Takes a token. @returns 0 if there was one; otherwise the milliseconds until the next. */
  take(now: Instant): number {
    if (this.perSecond === 0) return 0;
    const gained = ((now - this.filledAt) * this.perSecond) / 1_000;
    this.tokens = Math.min(this.perSecond, this.tokens + gained);
    this.filledAt = now;
    if (this.tokens < 1) return Math.ceil(((1 - this.tokens) * 1_000) / this.perSecond);
    this.tokens -= 1;
    return 0;
  }
}
