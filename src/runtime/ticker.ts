import type { Ticker } from "../ports/ticker.js";

/** Serves any number of callbacks with one timer. The timer runs only while there are callbacks. */
export class SharedTicker implements Ticker {
  private readonly ticks = new Set<() => void>();
  private timer: NodeJS.Timeout | undefined;

  /** @param periodMs - the time between two ticks, in milliseconds. */
  constructor(private readonly periodMs: number) {}

  every(tick: () => void): () => void {
    this.ticks.add(tick);
    this.timer ??= setInterval(() => this.fire(), this.periodMs).unref();
    return () => {
      this.ticks.delete(tick);
      if (this.ticks.size === 0) this.stop();
    };
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private fire(): void {
    for (const tick of [...this.ticks]) tick();
  }
}
