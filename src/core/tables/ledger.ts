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
import { type PeerId, peerOf } from "../vocabulary/peer.js";
import type { Refusal } from "../vocabulary/reason.js";
import { shareAlone, shareOf } from "../vocabulary/share.js";

/** What is counted per peer, beside the bytes. */
export type Resource = "requests" | "sessions" | "topics";

/** A peer whose bytes, or a process whose bytes, exceed a bound by this part of the budget is under extreme pressure. */
const EXTREME = 1 / 8;
/** This part of what a peer may have that is alone causes no pressure, however little others leave. */
const FLOOR = 1 / 32;

/** The bounds of a ledger. */
export interface LedgerBounds {
  /** Budget of the process, in bytes. */
  readonly maxHeldBytes: number;
  /** How many times what is left of a bound one peer may have, see `share.ts`; 0 for no share. */
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
  /** 0 for a peer that has no share. */
  private readonly peerShare: number;

  /** @param id - the peer; its key is unique within the ledger. */
  constructor(
    readonly id: PeerId,
    private readonly ledger: Ledger,
  ) {
    this.peerShare = id.kind === "proxy" ? 0 : ledger.bounds.peerShare;
  }

  /** The key of the peer. */
  get peer(): string {
    return this.id.key;
  }

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
    this.counts[resource]++;
    this.ledger.totals[resource]++;
  }

  /** Counts one less of a resource. */
  remove(resource: Resource): void {
    const left = --this.counts[resource];
    if (left < 0) throw new InvariantError(`the ${resource} of peer ${this.peer} are ${left}`);
    this.ledger.totals[resource]--;
    if (left === 0) this.settle();
  }

  /**
   * Whose bound these further bytes would exceed; undefined if they may be charged.
   *
   * @param freed - bytes that would be released before, for this peer and others.
   * @param freedOwn - those of them that are held for this peer.
   */
  exceeds(bytes: number, freed = 0, freedOwn = freed): Scope | undefined {
    const { maxHeldBytes } = this.ledger.bounds;
    const total = this.ledger.heldBytes - freed;
    if (total + bytes > maxHeldBytes) return "process";
    return this.bytes - freedOwn + bytes > this.shareOf(maxHeldBytes, total) ? "peer" : undefined;
  }

  /** The refusal of these further bytes; undefined if they may be charged. */
  refusalOf(bytes: number): Refusal | undefined {
    const scope = this.exceeds(bytes);
    if (scope === undefined) return undefined;
    const { bounds, heldBytes } = this.ledger;
    return scope === "peer"
      ? beyondBudget(this.id, this.bytes, Math.floor(this.shareOf(bounds.maxHeldBytes, heldBytes)), bytes)
      : beyondBudget(undefined, heldBytes, bounds.maxHeldBytes, bytes);
  }

  /**
   * How much is held, compared with what may be.
   *
   * HIGH begins at the bounds that {@link exceeds} checks, but not before a floor: a peer that holds little is under no
   * pressure while the process is within its budget. The bounds of EXTREME do not shrink when others take more. It begins
   * for a peer with an eighth of the budget more than a peer may have that is alone; for peers that hold more than the
   * mean of all peers while the process holds an eighth more than its budget; and for all while it holds a quarter more.
   * See docs/adr/0025.
   */
  get pressure(): Pressure {
    const { ledger, bytes } = this;
    const { maxHeldBytes } = ledger.bounds;
    const beyondBytes = ledger.heldBytes - maxHeldBytes;
    if (beyondBytes <= 0) {
      if (bytes <= ledger.floorBytes || bytes <= this.shareOf(maxHeldBytes, ledger.heldBytes)) return "NONE";
    }
    const marginBytes = maxHeldBytes * EXTREME;
    const isExtreme =
      bytes > shareAlone(this.peerShare, maxHeldBytes) + marginBytes ||
      beyondBytes > 2 * marginBytes ||
      (beyondBytes > marginBytes && bytes > Math.max(ledger.floorBytes, ledger.meanBytes));
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

  /** Whether one more of a resource would exceed the share of this peer. @param limit - limit of the process. */
  isAtShare(resource: Resource, limit: number): boolean {
    return this.counts[resource] + 1 > this.shareOf(limit, this.ledger.totals[resource]);
  }

  /** What this peer may have of a bound now. @param total - what all peers have of it. */
  shareOf(limit: number, total: number): number {
    return shareOf(this.peerShare, limit, total);
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
  /** How many of each resource all peers have. Only accounts change it. */
  readonly totals: Record<Resource, number> = { requests: 0, sessions: 0, topics: 0 };
  /** What no peer owns, because all of them share it within bounds of its own. */
  readonly common: Account;
  private readonly accounts = new Map<string, Account>();

  /** A peer that holds no more bytes is under no pressure while the process is within its budget. */
  readonly floorBytes: number;

  constructor(readonly bounds: LedgerBounds) {
    this.common = new Account({ kind: "connection", key: "all peers" }, this);
    this.floorBytes = FLOOR * shareAlone(bounds.peerShare, bounds.maxHeldBytes);
  }

  /** Number of peers for which something is held. */
  get size(): number {
    return this.accounts.size;
  }

  /** The bytes that a peer holds on average. */
  get meanBytes(): number {
    return (this.heldBytes - this.common.heldBytes) / Math.max(1, this.accounts.size);
  }

  /**
   * The account of the peer of a connection. It is kept from its first charge or count until nothing is held for the peer.
   *
   * @param connection - the connection as the edge shows it; see `peerOf`.
   */
  of(connection: string): Account {
    // A connection that is a peer has an account while it is open. Only the edge knows which ones are those of proxies.
    return this.accounts.get(connection) ?? this.ofPeer(peerOf(connection));
  }

  peerOf(connection: string): PeerId {
    return this.accounts.get(connection)?.id ?? peerOf(connection);
  }

  open(connection: string): Account {
    const account = this.of(connection);
    account.open();
    return account;
  }

  openPeer(peer: PeerId): Account {
    const account = this.ofPeer(peer);
    account.open();
    return account;
  }

  private ofPeer(peer: PeerId): Account {
    return this.accounts.get(peer.key) ?? new Account(peer, this);
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
