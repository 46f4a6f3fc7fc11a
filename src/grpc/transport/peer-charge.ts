import type { PeerAccount, Pressure } from "../../core/vocabulary/held-bytes.js";
import type { MessageOwner } from "../../ports/runtime.js";
import { CallPeer } from "./call-peer.js";

/**
 * What the process keeps for one call until it is handled or read. Most calls never wait, so the account of the peer is
 * looked up when the first byte is charged.
 */
export class PeerCharge extends CallPeer implements MessageOwner {
  #account: PeerAccount | undefined = undefined;
  #bytes = 0;
  #isOver = false;

  charge(bytes: number): void {
    if (this.#isOver) return;
    this.#account ??= this.ledger.open(this.call.getPeer());
    this.#bytes += bytes;
    this.#account.charge(bytes);
  }

  release(bytes: number): void {
    if (this.#isOver || !this.#account) return;
    this.#bytes -= bytes;
    this.#account.release(bytes);
    if (this.#bytes === 0) this.#leave();
  }

  get pressure(): Pressure {
    return this.#account?.pressure ?? "NONE";
  }

  /** Releases everything. Later charges are ignored: nothing is kept for a call that has ended. */
  end(): void {
    this.release(this.#bytes);
    this.#isOver = true;
  }

  #leave(): void {
    this.#account?.close();
    this.#account = undefined;
  }
}
