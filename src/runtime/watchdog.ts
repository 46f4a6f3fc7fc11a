import type { Clock } from "../ports/clock.js";
import type { Watchdog } from "../ports/watchdog.js";

interface Watch {
  readonly until: number;
  readonly onTimeout: () => void;
}

/** Runs any number of timeouts of equal length on one timer. The timer runs only while there are timeouts. */
export class SharedWatchdog implements Watchdog {
  /** In the order of expiry: all timeouts are equally long. */
  private readonly watches = new Set<Watch>();
  private timer: NodeJS.Timeout | undefined;

  /** @param spanMs - the length of every timeout, in milliseconds. */
  constructor(
    private readonly clock: Clock,
    private readonly spanMs: number,
  ) {}

  watch(onTimeout: () => void): () => void {
    const watch: Watch = { until: this.clock.now() + this.spanMs, onTimeout };
    this.watches.add(watch);
    this.timer ??= this.sleep(this.spanMs);
    return () => this.watches.delete(watch);
  }

  /** Cancels all timeouts. */
  stop(): void {
    this.watches.clear();
    if (this.timer) clearTimeout(this.timer);
    this.timer = undefined;
  }

  private sleep(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.fire(), ms).unref();
  }

  private fire(): void {
    this.timer = undefined;
    const now = this.clock.now();
    for (const watch of this.watches) {
      if (watch.until > now) {
        this.timer = this.sleep(Math.max(1, Math.ceil(watch.until - now)));
        return;
      }
      this.watches.delete(watch);
      watch.onTimeout();
    }
  }
}
