/**
 * A ledger of what the process keeps for its peers: bytes and counts, with one account per peer.
 *
 * An object is charged before it is kept and released when it is dropped, by the same amount. So the sum of all accounts
 * is what the process keeps, and no object is without an owner.
 */
import {
  beyondBudget,
  type HeldBytes,
  type PeerAccount,
  type Pressure,
  type Scope,
} from "../vocabulary/held-bytes.js";
import { InvariantError } from "../vocabulary/invariant.js";
import type { Refusal } from "../vocabulary/reason.js";

/** What is counted per peer, beside the bytes. */
export type Resource = "requests" | "sessions" | "topics";

/** A peer whose bytes, or a process whose bytes, exceed a bound by this part of the budget is under extreme pressure. */
const EXTREME = 1 / 8;

/** The bounds of a ledger. */
export interface LedgerBounds {
  /** Budget of the process, in bytes. */
  readonly maxHeldBytes: number;
  /** The part of each bound of the process that one peer may use: above 0, at most 1. */
  readonly peerShare: number;
}

/**
 * What is held for one peer. An account without bytes and counts, and without a stream or connection that uses it, is
 * forgotten, so that addresses cost nothing.
 */
export class Account implements PeerAccount {
  private bytes = 0;
  private userCount = 0;
  private readonly counts: Record<Resource, number> = { requests: 0, sessions: 0, topics: 0 };
  private isListed = false;

  /** @param peer - key of the peer; unique within the ledger. */
  constructor(
    readonly peer: string,
    private readonly ledger: Ledger,
  ) {}

  /** Bytes of payload, context and selector of its pending requests; also among the held bytes. */
  pendingBytes = 0;

  /** Bytes that are held for this peer. */
  get heldBytes(): number {
    return this.bytes;
  }

  /** How many of a resource are held for this peer. */
  count(resource: Resource): number {
    return this.counts[resource];
  }

  /**
   * Charges bytes. Does not check the bounds: ask {@link exceeds} before something new is kept. A further part of
   * something that is kept already may exceed them.
   */
  charge(bytes: number): void {
    if (!this.isListed) this.list();
    this.bytes += bytes;
    this.ledger.heldBytes += bytes;
  }

  /** Releases bytes that were charged. */
  release(bytes: number): void {
    this.bytes -= bytes;
    this.ledger.heldBytes -= bytes;
    if (this.bytes <= 0) this.settle();
  }

  /** Counts one more of a resource. */
  add(resource: Resource): void {
    if (!this.isListed) this.list();
    if (++this.counts[resource] === 1 && resource === "sessions") this.ledger.peersWithSession++;
  }

  /** Counts one less of a resource. */
  remove(resource: Resource): void {
    const left = --this.counts[resource];
    if (left < 0) throw new InvariantError(`the ${resource} of peer ${this.peer} are ${left}`);
    if (left > 0) return;
    if (resource === "sessions") this.ledger.peersWithSession--;
    this.settle();
  }

  /** Whose bound these further bytes would exceed; undefined if they may be charged. */
  exceeds(bytes: number): Scope | undefined {
    const { ledger } = this;
    if (!this.fits(this.bytes + bytes, ledger.bounds.maxHeldBytes)) return "peer";
    return ledger.heldBytes + bytes > ledger.bounds.maxHeldBytes ? "process" : undefined;
  }

  /** The refusal of these further bytes; undefined if they may be charged. */
  refusalOf(bytes: number): Refusal | undefined {
    const scope = this.exceeds(bytes);
    if (scope === undefined) return undefined;
    const { bounds, heldBytes } = this.ledger;
    return scope === "peer"
      ? beyondBudget(scope, this.bytes, this.shareOf(bounds.maxHeldBytes), bytes)
      : beyondBudget(scope, heldBytes, bounds.maxHeldBytes, bytes);
  }

  /** Whether this peer holds all that it may have of the budget. */
  get isAtShareOfBytes(): boolean {
    return this.bytes >= this.shareOf(this.ledger.bounds.maxHeldBytes);
  }

  /**
   * How much is held, compared with what may be. HIGH begins at the bounds that {@link exceeds} checks. It is EXTREME for a
   * peer with an eighth of the budget more than a peer may have that is alone; for every peer beyond its share while the
   * process holds an eighth more than its budget; and for all while it holds a quarter more. So what others hold ends no
   * stream of a peer within its share, unless the process is in danger.
   */
  get pressure(): Pressure {
    const { ledger, bytes } = this;
    const { maxHeldBytes, peerShare } = ledger.bounds;
    // No peer can hold more than all hold together.
    if (ledger.heldBytes <= maxHeldBytes * peerShare) return "NONE";
    const isBeyondShare = bytes > this.shareOf(maxHeldBytes);
    const beyondBytes = ledger.heldBytes - maxHeldBytes;
    if (!isBeyondShare && beyondBytes <= 0) return "NONE";
    const marginBytes = maxHeldBytes * EXTREME;
    const isExtreme =
      bytes > maxHeldBytes * Math.min(1, 2 * peerShare) + marginBytes ||
      beyondBytes > (isBeyondShare ? marginBytes : 2 * marginBytes);
    return isExtreme ? "EXTREME" : "HIGH";
  }

  /** Keeps the account until {@link close} is called as often. */
  open(): void {
    if (!this.isListed) this.list();
    this.userCount++;
  }

  close(): void {
    this.userCount--;
    if (this.bytes <= 0) this.settle();
  }

  /** Whether this peer has used up its share of a count. @param limit - limit of the process. */
  isAtShare(resource: Resource, limit: number): boolean {
    return !this.fits(this.counts[resource] + 1, limit);
  }

  /** Whether an amount is within the part of a bound that this peer may use. */
  fits(amount: number, limit: number): boolean {
    // Every share is at least this; most amounts are far below it.
    return amount < limit * this.ledger.bounds.peerShare || amount <= this.shareOf(limit);
  }

  /**
   * The part of a bound that this peer may use: the share, or twice the share while no other peer has a session; at
   * least 1.
   */
  shareOf(limit: number): number {
    const { bounds, peersWithSession } = this.ledger;
    const isAlone = peersWithSession === (this.counts.sessions > 0 ? 1 : 0);
    return Math.max(1, Math.floor(limit * Math.min(1, isAlone ? 2 * bounds.peerShare : bounds.peerShare)));
  }

  private list(): void {
    this.isListed = true;
    this.ledger.list(this);
  }

  /** Forgets the account if nothing is held. */
  private settle(): void {
    if (this.bytes < 0) throw new InvariantError(`the held bytes of peer ${this.peer} are ${this.bytes}`);
    const { requests, sessions, topics } = this.counts;
    if (this.bytes > 0 || requests + sessions + topics + this.userCount > 0) return;
    this.isListed = false;
    this.ledger.forget(this);
  }
}

/** All accounts of a process. */
export class Ledger implements HeldBytes {
  /** Bytes that are held for all peers together, and by the process itself. Only accounts change it. */
  heldBytes = 0;
  /** Number of peers with a session. Only accounts change it. */
  peersWithSession = 0;
  /** What no peer owns, because all of them share it within bounds of its own. */
  readonly common = new Account("all peers", this);
  private readonly accounts = new Map<string, Account>();

  constructor(readonly bounds: LedgerBounds) {}

  /** Number of peers for which something is held. */
  get size(): number {
    return this.accounts.size;
  }

  /** The account of a peer. It is kept from its first charge or count until nothing is held for the peer. */
  of(peer: string): Account {
    return this.accounts.get(peer) ?? new Account(peer, this);
  }

  open(peer: string): Account {
    const account = this.of(peer);
    account.open();
    return account;
  }

  /** For {@link Account} only: keeps an account. */
  list(account: Account): void {
    if (account === this.common) return;
    if (this.accounts.has(account.peer)) throw new InvariantError(`peer ${account.peer} has two accounts`);
    this.accounts.set(account.peer, account);
  }

  /** For {@link Account} only: forgets an account. */
  forget(account: Account): void {
    if (account !== this.common) this.accounts.delete(account.peer);
  }
}
