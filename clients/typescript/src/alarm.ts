/** The longest delay that setTimeout bears; beyond it Node would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** One timer that is set, set anew or cleared; the only place of this library that starts one. */
export class Alarm {
  #timer: NodeJS.Timeout | undefined;

  /**
   * Calls `ring` once, unless the alarm is set anew or cleared first.
   *
   * @param delayMs - from now; negative counts as 0, more than 24.8 days as 24.8 days.
   */
  set(delayMs: number, ring: () => void): void {
    this.clear();
    this.#timer = setTimeout(ring, Math.min(Math.max(delayMs, 0), MAX_DELAY_MS));
  }

  /** Forgets what was set. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
