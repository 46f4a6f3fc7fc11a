/**
 * Waits for a promise, and forces it to settle when the grace is over.
 *
 * @param done - the promise to wait for.
 * @param graceMs - how long `done` may take, in milliseconds.
 * @param force - makes `done` resolve soon.
 */
export async function settleWithin(done: Promise<void>, graceMs: number, force: () => void): Promise<void> {
  const timer = setTimeout(force, graceMs);
  try {
    await done;
  } finally {
    clearTimeout(timer);
  }
}
