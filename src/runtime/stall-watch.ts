import type { StallBound } from "../ports/runtime.js";
import type { Sink } from "../ports/sink.js";

/**
 * Finds out that a transport takes nothing, although something waits for it.
 *
 * The natural way is a timeout for each message. But most streams send many messages within one timeout, and each would
 * set and cancel one. This sets one timeout and compares the progress at its end, so a stall may be found late: after
 * twice the time. It can become a timeout for each message when those cost nothing.
 */
export class StallWatch {
  /** Cancels the timeout; undefined while none is running. */
  private cancel: (() => void) | undefined = undefined;

  /** @param hasWork - whether something waits for the transport. */
  constructor(
    private readonly bound: StallBound,
    private readonly sink: Sink,
    private readonly hasWork: () => boolean,
    private readonly onStall: () => void,
  ) {}

  /** The length of the timeout, in milliseconds. */
  get timeoutMs(): number {
    return this.bound.timeoutMs;
  }

  /** Starts to watch, unless it does already. It stops by itself once nothing waits. */
  begin(): void {
    if (this.cancel) return;
    const hasTaken = this.sink.observe();
    this.cancel = this.bound.watchdog.watch(() => {
      this.cancel = undefined;
      if (!this.hasWork()) return;
      if (hasTaken()) this.begin();
      else this.onStall();
    });
  }

  /** Stops watching. */
  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }
}
