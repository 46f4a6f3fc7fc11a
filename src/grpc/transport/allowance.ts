import type { Instant } from "../../core/vocabulary/model.js";

/** How much of something a peer may do: so much at once, and so much a second on average. */
export interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

/** What is left of an allowance. */
export class Remainder {
  readonly #allowance: Allowance;
  #left: number;
  #filledAt: Instant = Number.NEGATIVE_INFINITY;

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
    this.#left = allowance.burst;
  }

  /** Uses one. @returns false if none is left. */
  take(now: Instant): boolean {
    this.#fill(now);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** Whether nothing is used, so that a new one would be the same. */
  isWhole(now: Instant): boolean {
    this.#fill(now);
    return this.#left === this.#allowance.burst;
  }

  #fill(now: Instant): void {
    const { burst, perSecond } = this.#allowance;
    this.#left = Math.min(burst, this.#left + ((now - this.#filledAt) * perSecond) / 1_000);
    this.#filledAt = now;
  }
}
