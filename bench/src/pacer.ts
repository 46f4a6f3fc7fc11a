/**
 * Makes calls at exact times. A timer of Node is up to a millisecond late, as long as a request takes. So the end of each
 * wait polls the clock, once per event-loop turn. Above 1,000 calls per second it does not poll, since the pacer would
 * occupy a core that the server needs.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

/** The end of a wait that polls the clock, in milliseconds. */
const POLLED_MS = 2;
/** Above this rate a timer is used alone, with its error of a millisecond. */
const MAX_POLLED_PER_SECOND = 1_000;
/** Calls per event-loop turn, so that a pacer that is behind does not delay incoming results. */
const MAX_CALLS_PER_TURN = 256;

/**
 * Calls `send` at this rate from now until `until` (on the clock of `performance.now`).
 *
 * A late call is made at once; none is skipped.
 */
export async function pace(
  callsPerSecond: number,
  until: number,
  send: (index: number, dueAt: number) => void,
): Promise<void> {
  const begin = performance.now();
  const intervalMs = 1000 / callsPerSecond;
  let index = 0;
  for (;;) {
    const now = performance.now();
    const maxIndex = index + MAX_CALLS_PER_TURN;
    let dueAt = begin + index * intervalMs;
    while (dueAt <= now && dueAt < until && index < maxIndex) {
      send(index, dueAt);
      index++;
      dueAt = begin + index * intervalMs;
    }
    if (dueAt >= until) return;
    const waitMs = dueAt - performance.now() - POLLED_MS;
    if (waitMs >= 1) await sleep(Math.floor(waitMs));
    else if (callsPerSecond > MAX_POLLED_PER_SECOND && dueAt > now) await sleep(1);
    else await nextTurn();
  }
}
