/**
 * Accounts for the requests of `bench`. A request completes when it is accepted and every listener has the result of
 * every producer. It ends early if it fails.
 */

/** The figures of a run. */
export interface BenchFigures {
  /** Requests sent. */
  readonly requestCount: number;
  /** Requests with all results at all listeners. */
  readonly completedCount: number;
  /** Results that reached the listeners, over all listeners. */
  readonly deliveryCount: number;
  /** Results that listeners lost, as reported to them. */
  readonly lostCount: number;
  /** Requests that were rejected or failed, by reason. */
  readonly errors: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  readonly requestsPerSecond: number;
  readonly deliveriesPerSecond: number;
  /** The time from when a request was due to its last delivery, in milliseconds; undefined if none completed. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly maxMs: number | undefined;
}

interface Outstanding {
  readonly dueAt: number;
  /** Events until the request completes: its acceptance and its deliveries. */
  missingCount: number;
}

/** Counts requests and deliveries. Instants are milliseconds of one monotonic clock. */
export class BenchTally {
  readonly #deliveriesPerRequest: number;
  readonly #outstanding = new Map<number, Outstanding>();
  readonly #latencies: number[] = [];
  readonly #errors: Record<string, number> = {};
  #startedAt = 0;
  #onEnd = () => {};
  #requestCount = 0;
  #deliveryCount = 0;
  #lostCount = 0;
  #lastDeliveryAt = 0;

  constructor(deliveriesPerRequest: number) {
    this.#deliveriesPerRequest = deliveriesPerRequest;
  }

  /** Starts the clock. @param onEnd - called when a request completes or fails. */
  start(at: number, onEnd: () => void): void {
    this.#startedAt = at;
    this.#lastDeliveryAt = at;
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

  /** Records a request that was due at `dueAt`. @returns its number. */
  sent(dueAt: number): number {
    this.#outstanding.set(this.#requestCount, { dueAt, missingCount: this.#deliveriesPerRequest + 1 });
    return this.#requestCount++;
  }

  /** The dispatcher accepted the request. */
  accepted(request: number, now: number): void {
    this.#settle(request, now);
  }

  /** A listener received a result of the request. */
  delivered(request: number, now: number): void {
    this.#deliveryCount++;
    this.#lastDeliveryAt = now;
    this.#settle(request, now);
  }

  /** The request was rejected or failed. */
  failed(request: number, reason: string): void {
    if (!this.#outstanding.delete(request)) return;
    this.#errors[reason] = (this.#errors[reason] ?? 0) + 1;
    this.#onEnd();
  }

  /** A listener lost `count` results. */
  lost(count: number): void {
    this.#lostCount += count;
  }

  /** Returns the figures so far. Outstanding requests count as INCOMPLETE. */
  figures(): BenchFigures {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1];
    const elapsedMs = this.#lastDeliveryAt - this.#startedAt;
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
    if (outstanding === undefined || --outstanding.missingCount > 0) return;
    this.#outstanding.delete(request);
    this.#latencies.push(now - outstanding.dueAt);
    this.#onEnd();
  }
}
