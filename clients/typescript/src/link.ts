// A half-open connection still looks well to its channel until keepalive gives up, and would swallow every new stream
// meanwhile. So a call that finds it dead retires it: the next call connects anew.
import type { Client } from "@grpc/grpc-js";
import type { DispatcherError } from "./errors.js";

/** A call on a link. */
export interface LinkCall {
  /** Ends the call; {@link Link.ended} has been called when this returns. */
  abort(error: DispatcherError): void;
}

/** One channel, and the calls on it. */
export class Link {
  readonly client: Client;
  readonly #onRetired: () => void;
  readonly #calls = new Set<LinkCall>();
  #heardAt = performance.now();
  #isRetired = false;

  /**
   * @param client - the channel; closed with the last call of a retired link.
   * @param onRetired - called once, when no further call is to begin on it.
   */
  constructor(client: Client, onRetired: () => void) {
    this.client = client;
    this.#onRetired = onRetired;
  }

  /** A call began. */
  begun(call: LinkCall): void {
    this.#calls.add(call);
  }

  /** A call is over. */
  ended(call: LinkCall): void {
    if (this.#calls.delete(call) && this.#isRetired && this.#calls.size === 0) this.client.close();
  }

  /** Notes that something arrived. @returns when, on the clock of performance.now. */
  heard(): number {
    this.#heardAt = performance.now();
    return this.#heardAt;
  }

  /**
   * Retires the link, because a call has heard nothing on it for too long.
   *
   * If nobody else has heard anything since then either, all its calls end with
   * `error`. Otherwise perhaps only one way behind a proxy is dead: the other
   * calls go on, and those that are dead, too, notice it themselves.
   *
   * @param since - when that call heard something last.
   */
  retire(since: number, error: DispatcherError): void {
    if (!this.#isRetired) {
      this.#isRetired = true;
      this.#onRetired();
    }
    if (this.#heardAt > since) return;
    for (const call of [...this.#calls]) call.abort(error);
  }
}
