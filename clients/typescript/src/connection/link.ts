// A channel does not notice a half-open connection until keepalive fails, which takes up to 50 s. Until then it would
// put every new stream on the dead connection. So a call that finds its link dead retires the link, and the next call
// opens a new channel.
import { type Client, connectivityState, status } from "@grpc/grpc-js";
import type { DispatcherError } from "../errors.js";
import { peerStreamLimit } from "./grpc-js-internals.js";

/** How many streams a peer admits if that cannot be found out: the least that RFC 9113 recommends. */
const DEFAULT_STREAM_LIMIT = 100;

/** A call on a link. */
export interface LinkCall {
  /** Aborts the call. Calls {@link Link.removeCall} before it returns. */
  abort(error: DispatcherError): void;
}

/** What becomes of a link. */
export interface LinkEvents {
  /** The link takes no further calls. Called at most once. */
  onRetired(): void;
  /** The link takes no further calls, and its last call has ended. Called at most once. */
  onClosed(): void;
  /** The link may have room for a call: it has connected or failed to connect, or a call has ended. */
  onRoom(): void;
  /** The last call has ended. */
  onIdle(): void;
}

/** One channel and the calls on it. */
export class Link {
  readonly client: Client;
  readonly #events: LinkEvents;
  readonly #calls = new Set<LinkCall>();
  #lastActivityAt = performance.now();
  #isRetired = false;
  #isConnecting = false;
  /** Why the latest call failed that found no connection. */
  #failure: string | undefined;

  /** @param client - the channel. It is closed when the link is retired and its last call has ended. */
  constructor(client: Client, events: LinkEvents) {
    this.client = client;
    this.#events = events;
  }

  /** The number of calls on the link. */
  get callCount(): number {
    return this.#calls.size;
  }

  /** Whether the channel is connected. */
  get isConnected(): boolean {
    return this.client.getChannel().getConnectivityState(false) === connectivityState.READY;
  }

  /** Why the channel is not connected, as far as it is known; undefined if it is connected. */
  get problem(): string | undefined {
    const state = this.client.getChannel().getConnectivityState(false);
    if (state === connectivityState.READY) return undefined;
    if (state !== connectivityState.TRANSIENT_FAILURE)
      return "the peer has not answered the attempt to connect yet";
    return this.#failure ?? "the latest attempt to connect failed";
  }

  /** Records why a call failed, which is the only way to learn why there is no connection. */
  recordFailure({ code, details }: DispatcherError): void {
    if (code === status.UNAVAILABLE && !this.isConnected) this.#failure = details;
  }

  /** Whether the outcome of an attempt to connect is awaited; {@link LinkEvents.onRoom} follows. */
  get isConnecting(): boolean {
    return this.#isConnecting;
  }

  /** Whether the link has more calls than the peer admits, because the peer has lowered its limit. */
  get isOverLimit(): boolean {
    return this.#calls.size > (peerStreamLimit(this.client) ?? DEFAULT_STREAM_LIMIT);
  }

  /**
   * Whether a call may be opened now. If the channel is not connected, starts to connect. If it cannot connect, a call
   * may be opened: it fails at once, with the reason.
   */
  get hasRoom(): boolean {
    if (this.#isRetired || this.#isConnecting) return false;
    switch (this.client.getChannel().getConnectivityState(false)) {
      case connectivityState.READY:
        return this.#calls.size < (peerStreamLimit(this.client) ?? DEFAULT_STREAM_LIMIT);
      case connectivityState.TRANSIENT_FAILURE:
        return true;
      default:
        this.#connect();
        return false;
    }
  }

  /** Adds a call that started. */
  addCall(call: LinkCall): void {
    this.#calls.add(call);
  }

  /** Removes a call that ended. */
  removeCall(call: LinkCall): void {
    if (!this.#calls.delete(call)) return;
    if (!this.#isRetired) this.#events.onRoom();
    if (this.#calls.size > 0) return;
    if (this.#isRetired) this.#close();
    else this.#events.onIdle();
  }

  /** Records that a message arrived. @returns the present instant, on the clock of performance.now. */
  recordActivity(): number {
    this.#lastActivityAt = performance.now();
    return this.#lastActivityAt;
  }

  /**
   * Retires the link after a call received nothing on it for too long.
   *
   * If no other call has received anything since `since`, all calls of the link are aborted with `error`. Otherwise
   * only one upstream behind a proxy may be dead. Then the other calls continue, and each of them that is dead detects
   * it by its own heartbeats.
   *
   * @param since - when the dead call last received something, on the clock of performance.now.
   */
  retire(since: number, error: DispatcherError): void {
    this.release();
    if (this.#lastActivityAt <= since) this.abortCalls(error);
  }

  /** Takes no further calls. Closes the channel when the last call has ended. */
  release(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    this.#events.onRetired();
    if (this.#calls.size === 0) this.#close();
  }

  /** Aborts all calls of the link. */
  abortCalls(error: DispatcherError): void {
    for (const call of [...this.#calls]) call.abort(error);
  }

  #close(): void {
    this.client.close();
    this.#events.onClosed();
  }

  /** Connects, and announces the outcome. */
  #connect(): void {
    this.#isConnecting = true;
    const channel = this.client.getChannel();
    const settle = () => {
      const state = this.#isRetired ? connectivityState.SHUTDOWN : channel.getConnectivityState(true);
      if (state === connectivityState.IDLE || state === connectivityState.CONNECTING) {
        // In a microtask, because grpc-js calls the watcher while it changes the state.
        channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => queueMicrotask(settle));
        return;
      }
      this.#isConnecting = false;
      if (state !== connectivityState.SHUTDOWN) this.#events.onRoom();
    };
    settle();
  }
}
