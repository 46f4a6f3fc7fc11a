import { setTimeout as sleep } from "node:timers/promises";
import { within } from "./within.js";

/** A sample in progress: its first failure rejects every wait. */
export class Trial {
  readonly #failed: Promise<never>;
  #reject: (error: Error) => void = () => {};

  constructor() {
    this.#failed = new Promise<never>((_, reject) => {
      this.#reject = reject;
    });
    // A failure between two waits is reported by the next wait.
    this.#failed.catch(() => {});
  }

  /** Invalidates the sample. */
  readonly fail = (error: unknown): void => {
    this.#reject(error instanceof Error ? error : new Error(String(error)));
  };

  /** Waits for this many milliseconds. Rejects if the sample fails before. */
  async pause(ms: number): Promise<void> {
    await Promise.race([sleep(ms), this.#failed]);
  }

  /** Waits for a promise. Rejects if the sample fails, or after `limitMs` with the message of `describe`. */
  async wait<T>(promise: Promise<T>, limitMs: number, describe: () => string): Promise<T> {
    return await within(Promise.race([promise, this.#failed]), limitMs, describe);
  }
}
