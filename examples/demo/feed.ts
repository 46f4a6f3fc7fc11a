/** The events that the demo's processes report, in order of arrival, and waits for them. */

/** One line of JSON that a process printed. */
export interface FeedEvent {
  /** The process: `listener1`, `producer2`, `dispatcher`. */
  readonly from: string;
  /** The kind of event: `ready`, `result`, `summary`, … */
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Longest wait for an event, in milliseconds. */
const WAIT_TIMEOUT_MS = 6_000;

/** Events so far, and waits for those to come. */
export class Feed {
  private readonly events: FeedEvent[] = [];
  private readonly waiting = new Set<() => void>();
  private failure: Error | undefined;

  /** Adds a line of a process. */
  push(event: FeedEvent): void {
    this.events.push(event);
    this.wake();
  }

  /** Rejects every wait, because a process has exited unexpectedly. */
  fail(error: Error): void {
    this.failure ??= error;
    this.wake();
  }

  /** Events of one process about a request, or about all requests. */
  of(from: string, event: string, requestId?: string): readonly FeedEvent[] {
    return this.events.filter(
      (each) =>
        each.from === from &&
        each.event === event &&
        (requestId === undefined || each.fields["request_id"] === requestId),
    );
  }

  /**
   * Waits for an event of a process.
   *
   * Rejects after 6 s without it, or when a process exits unexpectedly.
   */
  async until(from: string, event: string, requestId?: string): Promise<FeedEvent> {
    const timeout = AbortSignal.timeout(WAIT_TIMEOUT_MS);
    timeout.addEventListener("abort", () => this.wake());
    for (;;) {
      const [first] = this.of(from, event, requestId);
      if (first) return first;
      if (this.failure) throw this.failure;
      if (timeout.aborted)
        throw new Error(`${from} has not reported "${event}" within ${WAIT_TIMEOUT_MS} ms`);
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
