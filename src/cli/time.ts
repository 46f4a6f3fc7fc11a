/**
 * Waiting for a time or a signal.
 */

/**
 * Waits until a time has passed or a signal fires.
 *
 * The wait does not keep the process alive. Callers have a stream or a child process open.
 *
 * @param ms - any number of milliseconds; undefined to wait only for the signal.
 * @param signal - ends the wait early.
 */
export async function pause(ms: number | undefined, signal?: AbortSignal): Promise<void> {
  let leftMs = ms === undefined ? undefined : Math.max(0, Math.ceil(ms));
  while (leftMs !== undefined && leftMs > MAX_TIMER_MS && !signal?.aborted) {
    await pauseOnce(MAX_TIMER_MS, signal);
    leftMs -= MAX_TIMER_MS;
  }
  await pauseOnce(leftMs, signal);
}

/** The longest timer of Node.js, in milliseconds. A longer one fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

async function pauseOnce(ms: number | undefined, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return;
  const timeout = ms === undefined ? undefined : AbortSignal.timeout(ms);
  await new Promise<void>((resolve) => {
    const finish = () => {
      timeout?.removeEventListener("abort", finish);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    timeout?.addEventListener("abort", finish);
    signal?.addEventListener("abort", finish);
  });
}

/** Waits for a promise. If the signal fires first, throws its reason and ignores the promise. */
export async function orStopped<T>(promise: Promise<T>, stop: AbortSignal): Promise<T> {
  let end = () => {};
  const stopped = new Promise<never>((_, reject) => {
    end = () => reject(stop.reason);
  });
  if (stop.aborted) end();
  else stop.addEventListener("abort", end);
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    stop.removeEventListener("abort", end);
  }
}
