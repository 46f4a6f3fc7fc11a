import type { Ticker } from "../ports/ticker.js";

/** Ticks for any number of things with one timer, which runs only while there are any. */
export class SharedTicker implements Ticker {
  private readonly ticks = new Set<() => void>();
  private timer: NodeJS.Timeout | undefined;

  /** @param periodMs - time between two ticks. */
  constructor(private readonly periodMs: number) {}

  every(tick: () => void): () => void {
    this.ticks.add(tick);
    this.timer ??= setInterval(() => this.ring(), this.periodMs).unref();
    return () => {
      this.ticks.delete(tick);
      if (this.ticks.size === 0) this.stop();
    };
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private ring(): void {
    for (const tick of [...this.ticks]) tick();
  }
}
