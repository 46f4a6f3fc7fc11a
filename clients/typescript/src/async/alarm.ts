/** The largest delay that setTimeout accepts, in milliseconds. Node fires at once if the delay is larger. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** A timer that can be set, replaced and cleared. The only class of this library that starts timers. */
export class Alarm {
  #timer: NodeJS.Timeout | undefined;

  /**
   * Calls `onFire` once after the delay. Replaces the previous setting, whose callback is then not called.
   *
   * @param delayMs - milliseconds from now, clamped to 0 to 24.8 days.
   */
  set(delayMs: number, onFire: () => void): void {
    this.clear();
    this.#timer = setTimeout(onFire, Math.min(Math.max(delayMs, 0), MAX_DELAY_MS));
  }

  /** Cancels the timer. Does nothing if it is not set. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
