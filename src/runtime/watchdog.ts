import type { Clock } from "../ports/clock.js";
import type { Watchdog } from "../ports/watchdog.js";

interface Watch {
  readonly until: number;
  readonly tooLate: () => void;
}

/** Watches any number of things for the same time span with one timer, which runs only while there are any. */
export class SharedWatchdog implements Watchdog {
  /** In the order in which they run out, since all take equally long. */
  private readonly watches = new Set<Watch>();
  private timer: NodeJS.Timeout | undefined;

  /** @param spanMs - how long each may take. */
  constructor(
    private readonly clock: Clock,
    private readonly spanMs: number,
  ) {}

  watch(tooLate: () => void): () => void {
    const watch: Watch = { until: this.clock.now() + this.spanMs, tooLate };
    this.watches.add(watch);
    this.timer ??= this.sleep(this.spanMs);
    return () => this.watches.delete(watch);
  }

  /** Stops watching everything. */
  stop(): void {
    this.watches.clear();
    if (this.timer) clearTimeout(this.timer);
    this.timer = undefined;
  }

  private sleep(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.ring(), ms).unref();
  }

  private ring(): void {
    this.timer = undefined;
    const now = this.clock.now();
    for (const watch of this.watches) {
      if (watch.until > now) {
        this.timer = this.sleep(Math.max(1, Math.ceil(watch.until - now)));
        return;
      }
      this.watches.delete(watch);
      watch.tooLate();
    }
  }
}
