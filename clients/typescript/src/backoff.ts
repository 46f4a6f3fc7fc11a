/** How long to wait between tries to reconnect. */
export interface ReconnectOptions {
  /** The first delay, in milliseconds; above 0. Default 100. */
  readonly initialDelayMs?: number;
  /** The longest delay, in milliseconds. Default 10,000. */
  readonly maxDelayMs?: number;
  /** How much longer each delay is than the one before; at least 1. Default 1.6. */
  readonly multiplier?: number;
  /** By which share a delay may be shorter or longer at random, from 0 to 1, so that clients do not return at once. Default 0.2. */
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
   * @param random - a number from 0 to 1, like Math.random.
   */
  constructor(options: ReconnectOptions, random: () => number = Math.random) {
    this.#options = { ...RECONNECT_DEFAULTS, ...options };
    this.#random = random;
    this.#delayMs = this.#options.initialDelayMs;
  }

  /** The next delay in milliseconds; each is longer than the one before, up to the longest, give or take the jitter. */
  next(): number {
    const { maxDelayMs, multiplier, jitter } = this.#options;
    const delayMs = Math.min(this.#delayMs, maxDelayMs);
    this.#delayMs = Math.min(delayMs * multiplier, maxDelayMs);
    return delayMs * (1 + jitter * (2 * this.#random() - 1));
  }

  /** Begins anew with the first delay. */
  reset(): void {
    this.#delayMs = this.#options.initialDelayMs;
  }
}
