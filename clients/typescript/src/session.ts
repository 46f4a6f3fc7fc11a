// The life of a long stream: connect, be told that it is live, notice its loss, connect again, and end for good only
// when closed or when no retry can help. Producer and listener differ in what they say on the stream, not in this.
import { status } from "@grpc/grpc-js";
import { Alarm } from "./alarm.js";
import { Backoff, type ReconnectOptions } from "./backoff.js";
import type { Callbacks } from "./callbacks.js";
import { createDeferred, type Deferred } from "./deferred.js";
import { alreadyClosed, DispatcherError, endedByServer } from "./errors.js";
import { HeartbeatWatch } from "./heartbeat-watch.js";
import type { StreamCall, StreamEvents } from "./stream-call.js";

/** What a peer does on its stream. */
export interface Peer {
  /** `producer` or `listener`, for error texts. */
  readonly kind: string;
  /** Opens the stream and introduces itself. */
  open(events: StreamEvents): StreamCall;
  /** A message came; throws if it cannot be read. */
  receive(message: Buffer): void;
  /** The stream takes messages again. */
  drained(): void;
  /** The stream is gone, and with it all that belongs to it alone. */
  lost(error: DispatcherError): void;
  /** There will be no further stream; `error` is undefined if it was closed on purpose. */
  ended(error: DispatcherError | undefined): void;
}

/** What the server's first message says. */
export interface SessionIdentity {
  readonly id: string;
  readonly sessionId: string;
  readonly serverId: string;
  /** How often a heartbeat comes, in milliseconds. */
  readonly heartbeatMs: number;
}

/** These say that the next try would fail the same way. ABORTED means that a newer session of the same id took over. */
const HOPELESS: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.UNIMPLEMENTED,
  status.ABORTED,
]);

/** A session that was live this long, in milliseconds, was a good one: the next loss is a new matter. */
const STABLE_AFTER_MS = 5_000;

/** Keeps a peer connected. */
export class Session {
  readonly #peer: Peer;
  readonly #callbacks: Callbacks;
  readonly #backoff: Backoff;
  readonly #retry = new Alarm();
  readonly #watch: HeartbeatWatch;
  readonly #closed = createDeferred<void>();
  #ready: Deferred<void> = createDeferred();
  #call: StreamCall | undefined;
  #identity: SessionIdentity | undefined;
  #readyAt = 0;
  #phase: "open" | "closing" | "closed" = "open";

  constructor(peer: Peer, callbacks: Callbacks, reconnect: ReconnectOptions | undefined) {
    this.#peer = peer;
    this.#callbacks = callbacks;
    this.#backoff = new Backoff(reconnect ?? {});
    this.#watch = new HeartbeatWatch((error) => this.#call?.abortDead(error));
  }

  /** The peer's id, as given or minted by the latest session; undefined before the first. */
  get id(): string | undefined {
    return this.#identity?.id;
  }

  /** Whether a session is live at this moment. */
  get isReady(): boolean {
    return this.#call !== undefined && this.#readyAt > 0;
  }

  /** Whether it is closed or about to be. */
  get isClosing(): boolean {
    return this.#phase !== "open";
  }

  /** Resolves when it is over; rejects if the server refused it for good. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Resolves while a session is live, else with the next one; rejects if there will be none. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Begins the next try. */
  connect(): void {
    this.#watch.start();
    try {
      this.#call = this.#peer.open({
        onMessage: (message) => {
          this.#watch.heard();
          this.#peer.receive(message);
        },
        onDrain: () => this.#peer.drained(),
        onEnd: (error) => this.#lost(error ?? endedByServer()),
      });
    } catch (error) {
      this.#end(DispatcherError.from(error));
    }
  }

  /** The peer was told that its session is live. */
  established(identity: SessionIdentity): void {
    this.#identity = identity;
    this.#readyAt = performance.now();
    this.#watch.setInterval(identity.heartbeatMs);
    this.#ready.resolve();
    const { id, sessionId, serverId } = identity;
    this.#callbacks.status({ type: "ready", id, sessionId, serverId });
  }

  /** The server announced its heartbeats anew. */
  heartbeat(intervalMs: number): void {
    this.#watch.setInterval(intervalMs);
  }

  /** Stops reading, and expecting to hear something. */
  pause(): void {
    this.#call?.pause();
    this.#watch.stop();
  }

  /** Reads on. */
  resume(): void {
    if (this.#call === undefined) return;
    this.#watch.resume();
    this.#call.resume();
  }

  /** Gives the stream this long, in milliseconds, to end by itself; there will be no further one. */
  closeWithin(graceMs: number): void {
    if (this.#phase !== "open") return;
    this.#phase = "closing";
    if (this.isReady) {
      this.#watch.stop();
      this.#retry.set(graceMs, () => this.close());
    } else {
      this.close();
    }
  }

  /** Ends at once. */
  close(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closing";
    const error = alreadyClosed(this.#peer.kind);
    if (this.#call === undefined) this.#end(undefined);
    else this.#call.abort(error);
  }

  #lost(error: DispatcherError): void {
    const wasStable = this.#readyAt > 0 && performance.now() - this.#readyAt >= STABLE_AFTER_MS;
    if (this.#readyAt > 0) this.#ready = createDeferred();
    this.#readyAt = 0;
    this.#call = undefined;
    this.#watch.stop();
    this.#peer.lost(error);
    if (this.#phase !== "open") this.#end(undefined);
    else if (HOPELESS.has(error.code)) this.#end(error);
    else this.#retryAfter(error, wasStable);
  }

  #retryAfter(error: DispatcherError, wasStable: boolean): void {
    if (wasStable) this.#backoff.reset();
    const retryInMs = Math.max(this.#backoff.next(), error.retryDelayMs ?? 0);
    this.#retry.set(retryInMs, () => this.connect());
    this.#callbacks.status({ type: "disconnected", error, retryInMs });
  }

  #end(error: DispatcherError | undefined): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#retry.clear();
    this.#watch.stop();
    this.#peer.ended(error);
    this.#ready.reject(error ?? alreadyClosed(this.#peer.kind));
    if (error === undefined) this.#closed.resolve();
    else this.#closed.reject(error);
    this.#callbacks.status(error === undefined ? { type: "closed" } : { type: "closed", error });
  }
}
