/**
 * Waiting, in the one form that commands need: until a time is over or a signal fires.
 */

/**
 * Waits.
 *
 * It does not keep the process alive: whoever waits has a stream or a child process open, or nothing to wait for.
 *
 * @param ms - a whole number of milliseconds; undefined to wait for the signal alone.
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

/** Waits for a promise, but throws the signal's reason once it fires. The promise's own failure is then ignored. */
export async function orStop<T>(promise: Promise<T>, stop: AbortSignal): Promise<T> {
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
