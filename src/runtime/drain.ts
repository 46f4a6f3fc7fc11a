/**
 * Waits for something that takes its time, and forces it when that is over.
 *
 * @param done - what is waited for.
 * @param graceMs - how long it may take.
 * @param force - makes `done` resolve soon.
 */
export async function settleWithin(done: Promise<void>, graceMs: number, force: () => void): Promise<void> {
  const timer = setTimeout(force, graceMs);
  await done;
  clearTimeout(timer);
}
