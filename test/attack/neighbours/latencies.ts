/** Latencies of requests by the instant at which they were due. */

/** One request. */
interface Sample {
  readonly sentAt: number;
  /** Undefined while it is not answered. */
  answeredAt: number | undefined;
}

/** The requests of one run. */
export class Latencies {
  readonly #samples: Sample[] = [];

  /** Notes a request. @returns what notes its answer. */
  begin(): () => void {
    const sample: Sample = { sentAt: performance.now(), answeredAt: undefined };
    this.#samples.push(sample);
    return () => {
      sample.answeredAt = performance.now();
    };
  }

  /** Number of requests. */
  get total(): number {
    return this.#samples.length;
  }

  /** Number of answered requests. */
  get answered(): number {
    return this.#samples.filter(({ answeredAt }) => answeredAt !== undefined).length;
  }

  /**
   * The 99th percentile of the requests sent in a span, in ms. A request without an answer counts with its age. 0 without
   * requests.
   */
  p99(from: number, to: number): number {
    const now = performance.now();
    const sorted = this.#samples
      .filter(({ sentAt }) => sentAt >= from && sentAt < to)
      .map(({ sentAt, answeredAt = now }) => answeredAt - sentAt)
      .sort((a, b) => a - b);
    return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
  }
}
