import { status } from "@grpc/grpc-js";
import { Alarm } from "./alarm.js";
import { DispatcherError } from "./errors.js";

/** How long to wait for a stream's first message, in milliseconds: a connection attempt (20 s), and some. */
const FIRST_MESSAGE_MS = 30_000;

/** How much later than promised a heartbeat may be at most, in milliseconds, beyond the one that may be missing. */
const MAX_SLACK_MS = 5_000;

/**
 * Notices a dead link: nothing was heard for twice the announced heartbeat
 * interval, plus slack. One timer, however much is heard.
 */
export class HeartbeatWatch {
  readonly #onDead: (error: DispatcherError) => void;
  readonly #alarm = new Alarm();
  #limitMs = FIRST_MESSAGE_MS;
  #heardAt = 0;

  /** @param onDead - called once, with UNAVAILABLE, reason HEARTBEAT_LOST. */
  constructor(onDead: (error: DispatcherError) => void) {
    this.#onDead = onDead;
  }

  /** Begins to watch a new stream, whose heartbeat interval is not known yet. */
  start(): void {
    this.#limitMs = FIRST_MESSAGE_MS;
    this.resume();
  }

  /** Watches on after {@link stop}. */
  resume(): void {
    this.heard();
    this.#arm(this.#limitMs);
  }

  /** Notes that something arrived. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  /** @param ms - the interval that the server announces; 0 leaves the limit as it is. */
  setInterval(ms: number): void {
    if (ms <= 0) return;
    const limitMs = 2 * ms + Math.min(ms, MAX_SLACK_MS);
    if (limitMs === this.#limitMs) return;
    this.#limitMs = limitMs;
    this.#arm(limitMs);
  }

  /** Ends the watch, for a while or for good. */
  stop(): void {
    this.#alarm.clear();
  }

  #arm(delayMs: number): void {
    this.#alarm.set(delayMs, () => this.#check(false));
  }

  #check(isSecondLook: boolean): void {
    const silentMs = performance.now() - this.#heardAt;
    if (silentMs < this.#limitMs) this.#arm(this.#limitMs - silentMs);
    // After a stall of this very process timers fire before sockets are read: read first, then judge.
    else if (isSecondLook) this.#onDead(heartbeatLost(silentMs));
    else this.#alarm.set(1, () => this.#check(true));
  }
}

function heartbeatLost(silentMs: number): DispatcherError {
  const details = `nothing was heard for ${Math.round(silentMs)} ms; the link is taken for dead`;
  return new DispatcherError({ code: status.UNAVAILABLE, reason: "HEARTBEAT_LOST", details });
}
