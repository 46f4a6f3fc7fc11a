import { setTimeout as sleep } from "node:timers/promises";

/** A sample under way: the first failure ends whatever is being waited for. */
export class Trial {
  readonly #failed: Promise<never>;
  #reject: (error: Error) => void = () => {};

  constructor() {
    this.#failed = new Promise<never>((_, reject) => {
      this.#reject = reject;
    });
    // It may fail while nobody waits; the next wait finds out.
    this.#failed.catch(() => {});
  }

  /** Something went wrong: the sample is void. */
  readonly fail = (error: unknown): void => {
    this.#reject(error instanceof Error ? error : new Error(String(error)));
  };

  /** Waits for so long. */
  async pause(ms: number): Promise<void> {
    await Promise.race([sleep(ms), this.#failed]);
  }

  /** Waits for something that must come within a time. */
  async wait<T>(work: Promise<T>, limitMs: number, what: () => string): Promise<T> {
    const settled = new AbortController();
    const late = sleep(limitMs, undefined, { ref: false, signal: settled.signal }).then(
      () => Promise.reject(new Error(what())),
      // What was waited for has come.
      () => new Promise<never>(() => {}),
    );
    try {
      return await Promise.race([work, this.#failed, late]);
    } finally {
      settled.abort();
    }
  }
}
