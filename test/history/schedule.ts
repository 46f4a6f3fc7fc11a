/**
 * The run's clock: when something is next to happen, and how long this process was too busy to notice. All waiting of a
 * run is here, and none outlasts it.
 */
import type { Notes } from "./history.js";

const TICK_MS = 10;
/** A tick this late is noted: shorter delays are everywhere. */
const STALL_MS = 5;

/** Things to do later. */
export class Schedule {
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #ticker: NodeJS.Timeout;
  #isOver = false;

  constructor(notes: Notes) {
    let latest = performance.now();
    this.#ticker = setInterval(() => {
      const now = performance.now();
      const ms = now - latest - TICK_MS;
      latest = now;
      if (ms > STALL_MS) notes.note("stalled", { ms });
    }, TICK_MS);
  }

  /** Does something after so many milliseconds, unless the run is over before. */
  after(ms: number, act: () => void): void {
    if (this.#isOver) return;
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        act();
      },
      Math.max(0, ms),
    );
    this.#timers.add(timer);
  }

  /** Resolves after so many milliseconds. */
  async pass(ms: number): Promise<void> {
    await new Promise<void>((resolve) => setTimeout(resolve, Math.max(0, ms)));
  }

  /** Looks again and again, but not longer than so long. @returns whether it came true. */
  async until(isTrue: () => boolean | Promise<boolean>, atMostMs: number): Promise<boolean> {
    for (const end = performance.now() + atMostMs; performance.now() < end; await this.pass(2 * TICK_MS)) {
      if (await isTrue()) return true;
    }
    return false;
  }

  /** Nothing more happens. */
  stop(): void {
    this.#isOver = true;
    clearInterval(this.#ticker);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
