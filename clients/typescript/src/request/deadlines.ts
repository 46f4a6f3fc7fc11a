// No request may wait for longer than its TTL allows, whatever the connection does. A timer for each request would cost
// more than sending it, so one alarm per stream looks through the pending requests when the earliest of them is due.
import { Alarm } from "../async/alarm.js";

/** How long a request without a TTL waits for its acceptance, in milliseconds: the default TTL and a reserve. */
const UNACCEPTED_MS = 5_750;

/** How long after its TTL a request is given up, in milliseconds. With the interval below, that is at most a second. */
export const RESERVE_MS = 750;

/** The least interval between two looks through the pending requests, in milliseconds. */
const MIN_INTERVAL_MS = 250;

/** When a request is given up, on the clock of performance.now. @param ttlMs - its TTL; undefined if not known. */
export function givenUpAt(ttlMs: number | undefined): number {
  return performance.now() + (ttlMs === undefined ? UNACCEPTED_MS : ttlMs + RESERVE_MS);
}

/**
 * When a gather is given up that has just been accepted. A busy server takes up a request late, and its TTL begins then.
 *
 * @param acceptedTtlMs - the TTL that the acceptance tells; 0 if it tells none.
 * @param ttlMs - the TTL of the request; undefined if it has none.
 */
export function acceptedGivenUpAt(acceptedTtlMs: number, ttlMs: number | undefined): number {
  if (acceptedTtlMs > 0) return givenUpAt(acceptedTtlMs);
  return ttlMs === undefined ? Number.POSITIVE_INFINITY : givenUpAt(ttlMs);
}

/** Gives up the requests of one stream that are overdue. */
export class Deadlines {
  readonly #giveUp: (now: number) => number;
  readonly #alarm = new Alarm();
  #nextAt = Number.POSITIVE_INFINITY;

  /** @param giveUp - gives up what is due at `now`, and returns when the next request is due, or infinity. */
  constructor(giveUp: (now: number) => number) {
    this.#giveUp = giveUp;
  }

  /** A request is due at this instant. */
  add(dueAt: number): void {
    if (dueAt >= this.#nextAt) return;
    this.#nextAt = dueAt;
    this.#arm();
  }

  /** Gives up nothing more. */
  stop(): void {
    this.#alarm.clear();
  }

  #arm(): void {
    const delayMs = Math.max(this.#nextAt - performance.now(), MIN_INTERVAL_MS);
    // After a stall of this process, timers fire before sockets are read. The second alarm fires after that.
    this.#alarm.set(delayMs, () => this.#alarm.set(1, () => this.#check()));
  }

  #check(): void {
    this.#nextAt = this.#giveUp(performance.now());
    if (this.#nextAt < Number.POSITIVE_INFINITY) this.#arm();
  }
}
