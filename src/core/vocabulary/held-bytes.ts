/**
 * The ledger as the runtime and the edges see it: they charge what they keep to the accounts that the core charges.
 */
import { type PeerId, whoIs } from "./peer.js";
import { type Refusal, refusal } from "./reason.js";

/** What an open stream costs outside of the core: grpc-js, HTTP/2, and a queue; measured with 10,000 idle streams. */
export const STREAM_BYTES = 40_000;

/** Whose bound an amount exceeds: the share of one peer, or the budget of the process. */
export type Scope = "peer" | "process";

/**
 * How much is held, compared with what may be.
 *
 * - NONE: within the bounds.
 * - HIGH: beyond the share of the peer or beyond the budget. Nothing new is kept that can be dropped or refused.
 * - EXTREME: so far beyond that streams must end, see `Account.pressure`.
 */
export type Pressure = "NONE" | "HIGH" | "EXTREME";

/** The account of one peer. Bytes are charged before they are kept, and released by the same amount. */
export interface PeerAccount {
  /** The key of the peer. */
  readonly peer: string;
  /** Charges bytes. Does not check the bounds. */
  charge(bytes: number): void;
  /** Releases bytes that were charged. */
  release(bytes: number): void;
  /** Why these further bytes may not be kept; undefined if they may. */
  refusalOf(bytes: number): Refusal | undefined;
  /** How much is held for this peer, and for all, compared with what may be. */
  readonly pressure: Pressure;
  /** Counts a stream that is no session of the core. */
  add(resource: "sessions"): void;
  /** Such a stream has closed. */
  remove(resource: "sessions"): void;
  /** Ends the use of an account that {@link HeldBytes.open} returned. */
  close(): void;
}

/** All accounts of a process. */
export interface HeldBytes {
  /** For what no peer owns, because several of them share it. */
  readonly common: PeerAccount;
  /**
   * Returns the account of the peer of a connection for a stream, which calls `close` at its end.
   *
   * @param connection - the connection as the edge shows it; see `peerOf`.
   */
  open(connection: string): PeerAccount;
  /** Returns the account of a peer for a connection, which calls `close` at its end. */
  openPeer(peer: PeerId): PeerAccount;
  /** The peer of a connection. */
  peerOf(connection: string): PeerId;
}

/** Retry delay, in milliseconds. */
const RETRY_AFTER_MS = 1_000;

/**
 * The refusal of what exceeds the share of a peer or the budget of the process.
 *
 * @param peer - the peer whose share is exceeded; undefined for the budget of the process.
 * @param held - the bytes that are held, of at most `limit`.
 * @param needed - the bytes that would be added.
 */
export function beyondBudget(peer: PeerId | undefined, held: number, limit: number, needed: number): Refusal {
  const whose = peer ? whoIs(peer) : "the server";
  const remedy = peer ? "peerShare or maxHeldBytes" : "maxHeldBytes";
  const message = `${whose} holds ${held} of at most ${limit} bytes, and this needs ${needed}; close sessions, retry later or raise ${remedy}`;
  const metadata = {
    limit: String(limit),
    held: String(held),
    needed: String(needed),
    ...(peer ? { scope: "peer" } : {}),
  };
  return refusal("HELD_BYTES_LIMIT", message, metadata, RETRY_AFTER_MS);
}
