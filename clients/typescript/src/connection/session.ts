// The life cycle of a long-lived stream: connect, become ready, detect the loss, reconnect. It ends for good when it is
// closed, or after an error that no retry can fix. Producers and listeners share this life cycle; only their messages
// differ.
import { Alarm } from "../async/alarm.js";
import { createDeferred, type Deferred } from "../async/deferred.js";
import { alreadyClosed, DispatcherError, endedByServer } from "../errors.js";
import { type GoAway, GoAwayReason } from "../gen/ate/dispatcher/v1/session.js";
import { msFromDuration } from "../values/duration.js";
import { nameOf } from "../values/enum-names.js";
import { Backoff } from "./backoff.js";
import type { Callbacks } from "./callbacks.js";
import type { Connection } from "./connection.js";
import { HeartbeatWatch } from "./heartbeat-watch.js";
import type { StreamCall, StreamEvents } from "./stream-call.js";

/** A producer or listener, as its session uses it. */
export interface Peer {
  /** `producer` or `listener`, for error texts. */
  readonly kind: string;
  /** Opens a stream and sends the first message. */
  open(events: StreamEvents): StreamCall;
  /** Handles a message. Throws if it is malformed. */
  receive(message: Buffer): void;
  /** The stream is no longer congested. */
  drained(): void;
  /** The stream has ended. Releases everything that belongs to this stream. */
  lost(error: DispatcherError): void;
  /** No further stream follows. @param error - undefined if the peer was closed. */
  ended(error: DispatcherError | undefined): void;
}

/** The contents of the server's first message. */
export interface SessionIdentity {
  readonly id: string;
  readonly sessionId: string;
  readonly serverId: string;
  /** The interval of the server's heartbeats, in milliseconds. */
  readonly heartbeatMs: number;
}

/** How often a session reports what keeps it from being live, in milliseconds. */
const REPORT_INTERVAL_MS = 1_000;

/** Keeps a producer or listener connected. */
export class Session {
  readonly #peer: Peer;
  readonly #callbacks: Callbacks;
  readonly #backoff: Backoff;
  readonly #connection: Connection;
  readonly #retry = new Alarm();
  /** Reports an attempt that takes long. */
  readonly #slowness = new Alarm();
  readonly #watch: HeartbeatWatch;
  readonly #closed = createDeferred<void>();
  #ready: Deferred<void> = createDeferred();
  #call: StreamCall | undefined;
  #identity: SessionIdentity | undefined;
  #readyAt = 0;
  #phase: "open" | "closing" | "closed" = "open";
  /** When the grace of {@link closeWithin} ends, on the clock of performance.now. */
  #graceEndsAt: number | undefined;
  /** The error that no retry can fix, after which the session has ended. */
  #failure: DispatcherError | undefined;

  constructor(peer: Peer, callbacks: Callbacks, connection: Connection) {
    this.#peer = peer;
    this.#callbacks = callbacks;
    this.#connection = connection;
    this.#backoff = new Backoff(connection.reconnect ?? {});
    this.#watch = new HeartbeatWatch((error) => this.#call?.abortDead(error));
  }

  /** The peer's id in the latest session; undefined before the first. */
  get id(): string | undefined {
    return this.#identity?.id;
  }

  /** Whether the session is live. */
  get isReady(): boolean {
    return this.#call !== undefined && this.#readyAt > 0;
  }

  /** Whether the session is closing or closed. */
  get isClosing(): boolean {
    return this.#phase !== "open";
  }

  /** Checks that the session can be used. @throws {DispatcherError} the reason for its end, or CLOSED. */
  ensureOpen(): void {
    if (this.#phase !== "open") throw this.#failure ?? alreadyClosed(this.#peer.kind);
  }

  /** Resolves when the session is closed. Rejects if it failed for good. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Resolves while the session is live, else when it is live again. Rejects if it is closed or has failed for good. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Starts an attempt to connect. */
  connect(): void {
    this.#watch.start();
    this.#reportSlowness(performance.now());
    try {
      this.#call = this.#peer.open({
        onMessage: (message) => {
          this.#watch.recordActivity();
          this.#peer.receive(message);
        },
        onDrain: () => this.#peer.drained(),
        onEnd: (error) => this.#lost(error ?? endedByServer()),
      });
    } catch (error) {
      this.#end(DispatcherError.from(error));
    }
  }

  /** Records that the server has confirmed the session. */
  established(identity: SessionIdentity): void {
    this.#identity = identity;
    this.#readyAt = performance.now();
    this.#slowness.clear();
    this.#watch.setInterval(identity.heartbeatMs);
    this.#ready.resolve();
    const { id, sessionId, serverId } = identity;
    this.#callbacks.status({ type: "ready", id, sessionId, serverId });
  }

  /** Applies a heartbeat. @param intervalMs - the interval that the server announces. */
  heartbeat(intervalMs: number): void {
    this.#watch.setInterval(intervalMs);
  }

  /** The server is about to end the stream. The next stream goes to a new connection. */
  goingAway({ reason, grace }: GoAway): void {
    this.#call?.leaveLink();
    const [graceMs, name] = [msFromDuration(grace), nameOf(GoAwayReason, reason)];
    this.#callbacks.status({ type: "goingAway", graceMs, reason: name });
  }

  /** Pauses the stream, and the heartbeat watch with it: a paused stream receives nothing. */
  pause(): void {
    this.#call?.pause();
    this.#watch.stop();
  }

  /** Resumes the stream and the watch. */
  resume(): void {
    if (this.#call === undefined) return;
    this.#watch.resume();
    this.#call.resume();
  }

  /** Waits `graceMs` for the stream to end, then closes. Does not reconnect. A later call can only shorten the grace. */
  closeWithin(graceMs: number): void {
    if (this.#phase === "closed") return;
    this.#phase = "closing";
    const graceEndsAt = performance.now() + graceMs;
    if (this.#graceEndsAt !== undefined && graceEndsAt >= this.#graceEndsAt) return;
    this.#graceEndsAt = graceEndsAt;
    if (this.isReady) {
      this.#watch.stop();
      this.#retry.set(graceMs, () => this.close());
    } else {
      this.close();
    }
  }

  /** Closes at once. */
  close(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closing";
    const error = alreadyClosed(this.#peer.kind);
    if (this.#call === undefined) this.#end(undefined);
    else this.#call.abort(error);
  }

  #reportSlowness(connectingSince: number): void {
    this.#slowness.set(REPORT_INTERVAL_MS, () => {
      const waitedMs = performance.now() - connectingSince;
      const error = this.#connection.noAnswer(`the ${this.#peer.kind} waits for its session`);
      this.#callbacks.status({ type: "connecting", error, waitedMs });
      if (this.#phase === "open" && !this.isReady) this.#reportSlowness(connectingSince);
    });
  }

  #lost(error: DispatcherError): void {
    if (this.#readyAt > 0) {
      this.#ready = createDeferred();
      this.#backoff.reset();
    }
    this.#readyAt = 0;
    this.#call = undefined;
    this.#slowness.clear();
    this.#watch.stop();
    this.#peer.lost(error);
    if (this.#phase !== "open") this.#end(undefined);
    else if (this.#connection.isFinal(error)) this.#end(error);
    else this.#retryAfter(error);
  }

  #retryAfter(error: DispatcherError): void {
    const retryInMs = Math.max(this.#backoff.next(), error.retryDelayMs ?? 0);
    this.#retry.set(retryInMs, () => this.connect());
    this.#callbacks.status({ type: "disconnected", error, retryInMs });
  }

  #end(error: DispatcherError | undefined): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#failure = error;
    this.#retry.clear();
    this.#slowness.clear();
    this.#watch.stop();
    this.#peer.ended(error);
    this.#ready.reject(error ?? alreadyClosed(this.#peer.kind));
    if (error === undefined) this.#closed.resolve();
    else this.#closed.reject(error);
    this.#callbacks.status(error === undefined ? { type: "closed" } : { type: "closed", error });
  }
}
