/** Delays between attempts to reconnect. */
export interface ReconnectOptions {
  /** The first delay, in milliseconds; above 0. Default 100. */
  readonly initialDelayMs?: number;
  /** The upper limit of the delay before jitter, in milliseconds. Default 10,000. */
  readonly maxDelayMs?: number;
  /** The factor by which each delay exceeds the previous one; at least 1. Default 1.6. */
  readonly multiplier?: number;
  /**
   * The share by which a delay is shortened or lengthened at random, from 0 to 1. Keeps clients from reconnecting all
   * at the same moment. Default 0.2, which is 20 % either way.
   */
  readonly jitter?: number;
}

/** {@link ReconnectOptions} with the defaults filled in. */
export const RECONNECT_DEFAULTS: Required<ReconnectOptions> = {
  initialDelayMs: 100,
  maxDelayMs: 10_000,
  multiplier: 1.6,
  jitter: 0.2,
};

/** Exponential delays with jitter. */
export class Backoff {
  readonly #options: Required<ReconnectOptions>;
  readonly #random: () => number;
  #delayMs: number;

  /**
   * @param options - the delays.
   * @param random - returns a number from 0 to 1, like Math.random.
   */
  constructor(options: ReconnectOptions, random: () => number = Math.random) {
    this.#options = { ...RECONNECT_DEFAULTS, ...options };
    this.#random = random;
    this.#delayMs = this.#options.initialDelayMs;
  }

  /**
   * Returns the next delay in milliseconds and advances: each delay is longer, up to the limit, plus or minus the
   * jitter.
   */
  next(): number {
    const { maxDelayMs, multiplier, jitter } = this.#options;
    const delayMs = Math.min(this.#delayMs, maxDelayMs);
    this.#delayMs = Math.min(delayMs * multiplier, maxDelayMs);
    return delayMs * (1 + jitter * (2 * this.#random() - 1));
  }

  /** Restarts the sequence with the first delay. */
  reset(): void {
    this.#delayMs = this.#options.initialDelayMs;
  }
}
