import { peerKey } from "../../core/vocabulary/peer.js";
import type { FromPeer } from "../../ports/runtime.js";

/** A call of grpc-js, as far as it says from which connection it came. */
export interface PeerSource {
  getPeer(): string;
}

/** The peer of a call. Most calls never wait, so the key is found when it is asked for. */
export class CallPeer implements FromPeer {
  #peer: string | undefined = undefined;

  constructor(private readonly call: PeerSource) {}

  get peer(): string {
    this.#peer ??= peerKey(this.call.getPeer());
    return this.#peer;
  }
}
