/** The largest delay that a timer of Node accepts, 24.8 days. Node fires at once if the delay is larger. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** A timer that can be set, replaced and cleared. The only class of this library that starts timers. */
export class Alarm {
  #timer: NodeJS.Timeout | undefined;

  /**
   * Calls `onFire` once after the delay. Replaces the previous setting, whose callback is then not called.
   *
   * @param delayMs - milliseconds from now, of any size. Infinity never fires.
   */
  set(delayMs: number, onFire: () => void): void {
    this.clear();
    const dueAt = performance.now() + delayMs;
    const wait = () => {
      const leftMs = dueAt - performance.now();
      if (leftMs <= MAX_TIMER_MS) this.#timer = setTimeout(onFire, Math.max(leftMs, 0));
      else this.#timer = setTimeout(wait, MAX_TIMER_MS);
    };
    wait();
  }

  /** Cancels the timer. Does nothing if it is not set. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
