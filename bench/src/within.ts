import { setTimeout as sleep } from "node:timers/promises";

/** Waits for a promise for at most `limitMs`. Rejects after that with the message that `describe` returns. */
export async function within<T>(promise: Promise<T>, limitMs: number, describe: () => string): Promise<T> {
  const settled = new AbortController();
  const timeout = sleep(limitMs, undefined, { ref: false, signal: settled.signal }).then(
    () => Promise.reject(new Error(describe())),
    // Aborted, because `promise` has settled the race.
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    settled.abort();
  }
}
