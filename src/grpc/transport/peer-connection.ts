import type { PartialMessage } from "./partial-messages.js";
import type { Peer } from "./peer.js";

/** What one connection holds. All its streams charge it, and release what they charged when they close. */
export class PeerConnection {
  /** Messages that have begun and are not complete, the oldest first. */
  readonly partial = new Set<PartialMessage>();
  /** Those of them that are not read until others are complete, the one that waits longest first. */
  readonly waiting = new Set<PartialMessage>();
  /** Bytes that incomplete messages keep alive. */
  partialBytes = 0;
  /** Bytes of answers that the peer has not read. */
  unreadBytes = 0;

  constructor(readonly peer: Peer) {}

  /** Charges the bytes of incomplete messages; negative to release them. */
  chargePartial(byteLength: number): void {
    this.partialBytes += byteLength;
    this.peer.partialBytes += byteLength;
  }
}
