import type { HeldBytes } from "../../core/vocabulary/held-bytes.js";
import type { FromPeer } from "../../ports/runtime.js";

/** A call of grpc-js, as far as it says from which connection it came. */
export interface PeerSource {
  getPeer(): string;
}

/** The peer of a call. Most calls never wait, so the key is found when it is asked for. */
export class CallPeer implements FromPeer {
  #peer: string | undefined = undefined;

  constructor(
    protected readonly ledger: HeldBytes,
    protected readonly call: PeerSource,
  ) {}

  get peer(): string {
    this.#peer ??= this.ledger.peerOf(this.call.getPeer()).key;
    return this.#peer;
  }
}
