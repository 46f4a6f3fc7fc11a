import { status } from "@grpc/grpc-js";
import { Alarm } from "../async/alarm.js";
import { DispatcherError } from "../errors.js";

/** How long to wait for the first message of a stream, in milliseconds: a connection attempt takes up to 20 s. */
const FIRST_MESSAGE_TIMEOUT_MS = 30_000;

/** The upper limit of the tolerance on top of two heartbeat intervals, in milliseconds. */
const MAX_SLACK_MS = 5_000;

/**
 * Detects a dead link: nothing arrives for two heartbeat intervals plus a tolerance of one more interval, at most 5 s.
 *
 * Uses one timer, which is not reset on every message: it compares times when it fires.
 */
export class HeartbeatWatch {
  readonly #onDead: (error: DispatcherError) => void;
  readonly #alarm = new Alarm();
  #limitMs = FIRST_MESSAGE_TIMEOUT_MS;
  #lastActivityAt = 0;

  /** @param onDead - called once per watch, with UNAVAILABLE, reason HEARTBEAT_LOST. */
  constructor(onDead: (error: DispatcherError) => void) {
    this.#onDead = onDead;
  }

  /** Starts to watch a new stream, whose heartbeat interval is not known yet. */
  start(): void {
    this.#limitMs = FIRST_MESSAGE_TIMEOUT_MS;
    this.resume();
  }

  /** Resumes the watch after {@link stop}, with a full interval from now. */
  resume(): void {
    this.recordActivity();
    this.#arm(this.#limitMs);
  }

  /** Records that a message arrived. */
  recordActivity(): void {
    this.#lastActivityAt = performance.now();
  }

  /** @param ms - the heartbeat interval that the server announces, in milliseconds; 0 keeps the current limit. */
  setInterval(ms: number): void {
    if (ms <= 0) return;
    const limitMs = 2 * ms + Math.min(ms, MAX_SLACK_MS);
    if (limitMs === this.#limitMs) return;
    this.#limitMs = limitMs;
    this.#arm(limitMs);
  }

  /** Stops the watch. */
  stop(): void {
    this.#alarm.clear();
  }

  #arm(delayMs: number): void {
    this.#alarm.set(delayMs, () => this.#check(false));
  }

  #check(isSecondCheck: boolean): void {
    const silentMs = performance.now() - this.#lastActivityAt;
    if (silentMs < this.#limitMs) this.#arm(this.#limitMs - silentMs);
    // After a stall of this process, timers fire before sockets are read. So the link is judged only on a second check,
    // after the event loop has read what arrived.
    else if (isSecondCheck) this.#onDead(heartbeatLost(silentMs));
    else this.#alarm.set(1, () => this.#check(true));
  }
}

function heartbeatLost(silentMs: number): DispatcherError {
  const details = `nothing arrived for ${Math.round(silentMs)} ms; the connection counts as dead`;
  return new DispatcherError({ code: status.UNAVAILABLE, reason: "HEARTBEAT_LOST", details });
}
