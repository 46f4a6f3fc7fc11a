// A channel does not notice a half-open connection until keepalive fails, which takes up to 50 s. Until then it would
// put every new stream on the dead connection. So a call that finds its link dead retires the link, and the next call
// opens a new channel.
import type { Client } from "@grpc/grpc-js";
import type { DispatcherError } from "../errors.js";

/** A call on a link. */
export interface LinkCall {
  /** Aborts the call. Calls {@link Link.removeCall} before it returns. */
  abort(error: DispatcherError): void;
}

/** What becomes of a link. */
export interface LinkEvents {
  /** The link takes no further calls. */
  onRetired(): void;
  /** The link was retired, and its last call has ended. */
  onClosed(): void;
}

/** One channel and the calls on it. */
export class Link {
  readonly client: Client;
  readonly #events: LinkEvents;
  readonly #calls = new Set<LinkCall>();
  #lastActivityAt = performance.now();
  #isRetired = false;

  /**
   * @param client - the channel. It is closed when the link is retired and its last call has ended.
   * @param events - each is called at most once.
   */
  constructor(client: Client, events: LinkEvents) {
    this.client = client;
    this.#events = events;
  }

  /** Adds a call that started. */
  addCall(call: LinkCall): void {
    this.#calls.add(call);
  }

  /** Removes a call that ended. */
  removeCall(call: LinkCall): void {
    if (!this.#calls.delete(call) || !this.#isRetired || this.#calls.size > 0) return;
    this.client.close();
    this.#events.onClosed();
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
    if (!this.#isRetired) {
      this.#isRetired = true;
      this.#events.onRetired();
    }
    if (this.#lastActivityAt <= since) this.abortCalls(error);
  }

  /** Aborts all calls of the link. */
  abortCalls(error: DispatcherError): void {
    for (const call of [...this.#calls]) call.abort(error);
  }
}
