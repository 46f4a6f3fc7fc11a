/** What the connections of one peer hold and do together. */
import type { Instant } from "../../core/vocabulary/model.js";
import type { PeerId } from "../../core/vocabulary/peer.js";
import { type Allowance, Remainder } from "./allowance.js";

/**
 * Resets and useless frames of all connections of a peer, twice those of one connection. Every cancelled call is a
 * reset, and all clients of a proxy share its address and few connections; see docs/adr/0008.
 */
const NUISANCE: Allowance = { burst: 10_000, perSecond: 1_000 };
/** Connections that an address or network may open after one of its connections was closed for what it sent. */
const CONNECTIONS: Allowance = { burst: 5, perSecond: 5 };
/** How long that applies, in milliseconds. */
const PENALTY_MS = 60_000;

/** One peer with connections. */
export class Peer {
  /** Open connections. */
  connectionCount = 0;
  /** Bytes that incomplete messages on all its connections keep alive. */
  partialBytes = 0;
  readonly #nuisance = new Remainder(NUISANCE);
  readonly #connections = new Remainder(CONNECTIONS);
  #penaltyEndsAt: Instant = Number.NEGATIVE_INFINITY;

  constructor(readonly id: PeerId) {}

  /** Whether its connections have limits together, which outlast them. */
  get hasManyConnections(): boolean {
    return this.id.kind === "address" || this.id.kind === "network";
  }

  /** Counts a reset or a useless frame. @returns false if there are too many. */
  annoy(now: Instant): boolean {
    return this.#nuisance.take(now);
  }

  /** One of its connections was closed for what it sent. */
  penalize(now: Instant): void {
    this.#penaltyEndsAt = now + PENALTY_MS;
  }

  /** Whether it may open a connection now; counts it if so. */
  mayConnect(now: Instant): boolean {
    return now >= this.#penaltyEndsAt || this.#connections.take(now);
  }

  /** Whether there is nothing to remember of it. */
  isForgettable(now: Instant): boolean {
    return this.connectionCount === 0 && now >= this.#penaltyEndsAt && this.#nuisance.isWhole(now);
  }
}
