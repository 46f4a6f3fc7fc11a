/**
 * What becomes of the requests of `bench`: each ends when it was taken and every listener has heard every producer, or
 * when it failed.
 */

/** The figures in the end. */
export interface BenchFigures {
  /** Requests sent. */
  readonly requestCount: number;
  /** Requests whose every result has reached every listener. */
  readonly completedCount: number;
  /** Results heard by all listeners together. */
  readonly deliveryCount: number;
  /** Results that listeners were told they had lost. */
  readonly lostCount: number;
  /** Requests that were refused or failed, by reason. */
  readonly errors: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  readonly requestsPerSecond: number;
  readonly deliveriesPerSecond: number;
  /** From when a request was due until its last result was heard; undefined if none completed. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly maxMs: number | undefined;
}

interface Outstanding {
  readonly dueAt: number;
  missing: number;
}

/** Accounts for every request. Times are milliseconds of one monotonic clock. */
export class BenchTally {
  readonly #deliveriesPerRequest: number;
  readonly #outstanding = new Map<number, Outstanding>();
  readonly #latencies: number[] = [];
  readonly #errors: Record<string, number> = {};
  #beganAt = 0;
  #onEnd = () => {};
  #requestCount = 0;
  #deliveryCount = 0;
  #lostCount = 0;
  #lastAt = 0;

  constructor(deliveriesPerRequest: number) {
    this.#deliveriesPerRequest = deliveriesPerRequest;
  }

  /** The clock starts. @param onEnd - called whenever a request has ended, one way or the other. */
  begun(at: number, onEnd: () => void): void {
    this.#beganAt = at;
    this.#lastAt = at;
    this.#onEnd = onEnd;
  }

  get requestCount(): number {
    return this.#requestCount;
  }

  get outstandingCount(): number {
    return this.#outstanding.size;
  }

  get endedCount(): number {
    return this.#requestCount - this.#outstanding.size;
  }

  /** Takes note of a request that was due at `dueAt`. @returns its number. */
  begin(dueAt: number): number {
    this.#outstanding.set(this.#requestCount, { dueAt, missing: this.#deliveriesPerRequest + 1 });
    return this.#requestCount++;
  }

  /** The request was taken. */
  accepted(request: number, now: number): void {
    this.#settle(request, now);
  }

  /** A listener heard a result of the request. */
  heard(request: number, now: number): void {
    this.#deliveryCount++;
    this.#lastAt = now;
    this.#settle(request, now);
  }

  /** The request was refused, or is lost. */
  failed(request: number, reason: string): void {
    if (!this.#outstanding.delete(request)) return;
    this.#errors[reason] = (this.#errors[reason] ?? 0) + 1;
    this.#onEnd();
  }

  /** A listener was told that it has lost so many results. */
  lost(count: number): void {
    this.#lostCount += count;
  }

  /** The figures so far; what is still outstanding counts as incomplete. */
  figures(): BenchFigures {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1];
    const elapsedMs = this.#lastAt - this.#beganAt;
    const perSecond = (count: number) => (elapsedMs > 0 ? (count / elapsedMs) * 1_000 : 0);
    const incomplete = this.#outstanding.size;
    return {
      requestCount: this.#requestCount,
      completedCount: sorted.length,
      deliveryCount: this.#deliveryCount,
      lostCount: this.#lostCount,
      errors: { ...this.#errors, ...(incomplete > 0 && { INCOMPLETE: incomplete }) },
      elapsedMs,
      requestsPerSecond: perSecond(sorted.length),
      deliveriesPerSecond: perSecond(this.#deliveryCount),
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: sorted.at(-1),
    };
  }

  #settle(request: number, now: number): void {
    const outstanding = this.#outstanding.get(request);
    if (outstanding === undefined || --outstanding.missing > 0) return;
    this.#outstanding.delete(request);
    this.#latencies.push(now - outstanding.dueAt);
    this.#onEnd();
  }
}
