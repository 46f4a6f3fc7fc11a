/**
 * Everything that the demo's processes tell, in the order in which it was heard, and waiting for some of it.
 */

/** One line that a process wrote, as JSON. */
export interface Told {
  /** The process: `listener1`, `producer2`, `dispatcher`. */
  readonly from: string;
  /** What it is about: `ready`, `result`, `summary`, … */
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Longest wait for anything, in milliseconds. */
const PATIENCE_MS = 6_000;

/** What was told so far, and what comes. */
export class Feed {
  private readonly told: Told[] = [];
  private readonly waiting = new Set<() => void>();
  private failure: Error | undefined;

  /** Adds a line of a process. */
  push(told: Told): void {
    this.told.push(told);
    this.wake();
  }

  /** Makes every wait fail, because a process has ended that should not have. */
  fail(error: Error): void {
    this.failure ??= error;
    this.wake();
  }

  /** What one process told about a request, or about everything. */
  of(from: string, event: string, requestId?: string): readonly Told[] {
    return this.told.filter(
      (told) =>
        told.from === from &&
        told.event === event &&
        (requestId === undefined || told.fields["request_id"] === requestId),
    );
  }

  /**
   * Waits until a process has told something.
   *
   * Rejects when that has not come after 6 s, or when a process has ended unasked.
   */
  async until(from: string, event: string, requestId?: string): Promise<Told> {
    const timeout = AbortSignal.timeout(PATIENCE_MS);
    timeout.addEventListener("abort", () => this.wake());
    for (;;) {
      const [first] = this.of(from, event, requestId);
      if (first) return first;
      if (this.failure) throw this.failure;
      if (timeout.aborted) throw new Error(`${from} has not told "${event}" within ${PATIENCE_MS} ms`);
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
