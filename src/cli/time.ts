/**
 * Waiting for a time or a signal.
 */

/**
 * Waits until a time has passed or a signal fires.
 *
 * The wait does not keep the process alive. Callers have a stream or a child process open.
 *
 * @param ms - a whole number of milliseconds; undefined to wait only for the signal.
 * @param signal - ends the wait early.
 */
export async function pause(ms: number | undefined, signal?: AbortSignal): Promise<void> {
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
