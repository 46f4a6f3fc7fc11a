import type { Instant } from "../vocabulary/model.js";

/** Lets so many pass per second, a second's worth at once at the most. */
export class RateLimit {
  private tokens: number;
  private filledAt: Instant = Number.NEGATIVE_INFINITY;

  /** @param perSecond - 0 for no limit. */
  constructor(private readonly perSecond: number) {
    this.tokens = perSecond;
  }

  /** Lets one pass, or says in how many milliseconds one may. @returns 0 if it passed. */
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
