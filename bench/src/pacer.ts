/**
 * Calls at exact times. A timer of Node is late by up to a millisecond, which is as much as a request takes: so the
 * last part of each wait is spent asking the clock, once per turn of the event loop. At rates of several calls a
 * millisecond it is not, or the pacer took a core of its own from the server that it is to load.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

/** The part of a wait that is not left to a timer, in milliseconds. */
const WATCHED_MS = 2;
/** Above this rate, a millisecond more or less is left to the timer. */
const WATCHED_PER_SECOND = 1_000;
/** Most calls per turn, so that a pacer that is behind does not keep the answers waiting. */
const MOST_PER_TURN = 256;

/**
 * Calls `send` so often per second, from now until `until` (on the clock of `performance.now`).
 *
 * A call that is behind is made at once; none is left out.
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
    const most = index + MOST_PER_TURN;
    let dueAt = begin + index * intervalMs;
    while (dueAt <= now && dueAt < until && index < most) {
      send(index, dueAt);
      index++;
      dueAt = begin + index * intervalMs;
    }
    if (dueAt >= until) return;
    const waitMs = dueAt - performance.now() - WATCHED_MS;
    if (waitMs >= 1) await sleep(Math.floor(waitMs));
    else if (callsPerSecond > WATCHED_PER_SECOND && dueAt > now) await sleep(1);
    else await nextTurn();
  }
}
