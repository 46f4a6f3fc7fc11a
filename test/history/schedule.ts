/**
 * The timers of a run, which also measure how long this process was too busy. Every wait of a run is here and ends with
 * the run.
 */
import type { Notes } from "./history.js";

const TICK_MS = 10;
/** Minimum delay of a tick that is noted, in milliseconds; shorter delays are normal. */
const STALL_MS = 5;

/** The timers of a run. */
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

  /** Calls a function after a time in milliseconds, unless the run ends first. */
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

  /** Resolves after a time in milliseconds. */
  async pass(ms: number): Promise<void> {
    await new Promise<void>((resolve) => setTimeout(resolve, Math.max(0, ms)));
  }

  /** Polls until a condition holds or a timeout. @returns whether the condition holds. */
  async until(isTrue: () => boolean | Promise<boolean>, atMostMs: number): Promise<boolean> {
    for (const end = performance.now() + atMostMs; performance.now() < end; await this.pass(2 * TICK_MS)) {
      if (await isTrue()) return true;
    }
    return false;
  }

  /** Stops all timers. */
  stop(): void {
    this.#isOver = true;
    clearInterval(this.#ticker);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
