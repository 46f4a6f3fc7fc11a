import type { Socket } from "node:net";
import { type PeerAccount, type Pressure, STREAM_BYTES } from "../../core/vocabulary/held-bytes.js";
import type { Instant } from "../../core/vocabulary/model.js";
import type { Refusal } from "../../core/vocabulary/reason.js";
import { type Allowance, Remainder } from "./allowance.js";
import type { PartialMessage } from "./partial-messages.js";
import type { Peer } from "./peer.js";

/**
 * Resets and useless frames of one connection; see docs/adr/0008. Beyond its own limit of resets, Node stops reading and
 * leaves the connection open until its keepalive fails, so the server closes it a little earlier. Node 20 has a fixed limit
 * of 1,000 at once and 33 a second.
 */
export const CONNECTION_NUISANCE: Allowance =
  Number(process.versions.node.split(".")[0]) >= 22
    ? { burst: 5_000, perSecond: 500 }
    : { burst: 950, perSecond: 33 };

/** What one connection holds and does. All its streams charge it, and release what they charged when they close. */
export class PeerConnection {
  /** Messages that have begun and are not complete, the oldest first. */
  readonly partial = new Set<PartialMessage>();
  /** Those of them that are not read until others are complete, the one that waits longest first. */
  readonly waiting = new Set<PartialMessage>();
  /** Bytes that incomplete messages keep alive. */
  partialBytes = 0;
  /** Bytes of answers that the peer has not read. */
  unreadBytes = 0;
  /** Undefined until the connection is ready. */
  socket: Socket | undefined = undefined;
  readonly #nuisance = new Remainder(CONNECTION_NUISANCE);
  readonly #close: (socket: Socket | undefined) => void;
  readonly #account: PeerAccount;
  #heldBytes = 0;
  #isClosed = false;

  /**
   * @param address - the connection as the core and people know it.
   * @param account - of its peer; closed with the connection.
   * @param close - closes the connection for what it sent.
   */
  constructor(
    readonly peer: Peer,
    readonly address: string,
    account: PeerAccount,
    close: (socket: Socket | undefined) => void,
  ) {
    this.#account = account;
    this.#close = close;
  }

  /** How much is held for the peer, compared with what may be. */
  get pressure(): Pressure {
    return this.#account.pressure;
  }

  /** Why no further bytes may be kept for the peer; undefined if they may. */
  refusalOf(bytes: number): Refusal | undefined {
    return this.#account.refusalOf(bytes);
  }

  /** Charges bytes to the account of the peer until the connection closes; negative to release them. */
  charge(bytes: number): void {
    if (this.#isClosed) return;
    this.#heldBytes += bytes;
    if (bytes > 0) this.#account.charge(bytes);
    else this.#account.release(-bytes);
  }

  /** A stream that is no session of the core has opened. */
  streamOpened(): void {
    this.charge(STREAM_BYTES);
    this.#account.add("sessions");
  }

  streamClosed(): void {
    this.charge(-STREAM_BYTES);
    this.#account.remove("sessions");
  }

  /** The connection has closed: nothing is kept for its streams any more. */
  closed(): void {
    if (this.#isClosed) return;
    this.charge(-this.#heldBytes);
    this.#isClosed = true;
    this.#account.close();
  }

  /** Charges the bytes of incomplete messages; negative to release them. */
  chargePartial(byteLength: number): void {
    this.partialBytes += byteLength;
    this.chargeWindow(byteLength);
  }

  /** Charges the bytes of an incomplete message that wait below HTTP/2; negative to release them. */
  chargeWindow(byteLength: number): void {
    this.peer.partialBytes += byteLength;
    this.charge(byteLength);
  }

  /** Charges the bytes of answers; negative to release them. */
  chargeAnswer(byteLength: number): void {
    this.unreadBytes += byteLength;
    this.charge(byteLength);
  }

  /** Counts a reset or a useless frame, and closes the connection if there are too many of its own or of its peer. */
  annoy(now: Instant): void {
    const isTolerated = this.#nuisance.take(now);
    if (this.peer.annoy(now) && isTolerated) return;
    this.peer.penalize(now);
    this.#close(this.socket);
  }
}
