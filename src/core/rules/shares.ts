/**
 * Refusals of what exceeds the share of one peer, or the budget of the process in bytes.
 */
import type { State } from "../state/state.js";
import type { Account, Resource } from "../tables/ledger.js";
import type { Limits } from "../vocabulary/limits.js";
import { whoIs } from "../vocabulary/peer.js";
import { type ReasonName, type Refusal, refusal } from "../vocabulary/reason.js";

/** Retry delay, in milliseconds. */
const RETRY_AFTER_MS = 1_000;

/**
 * Refuses what a peer may not hold. Ids of its earlier requests are forgotten first, the oldest first, if that makes room.
 *
 * @param bytes - what would be held.
 * @returns why it cannot be held; undefined if it can.
 */
export function heldRefusal(state: State, account: Account, bytes: number): Refusal | undefined {
  if (account.exceeds(bytes) === undefined) return undefined;
  state.remembered.makeRoom(account, bytes);
  return account.refusalOf(bytes);
}

/** How the refusals of a resource name it. */
const NAMES = {
  requests: { reason: "PENDING_LIMIT", what: "pending requests", setting: "maxPendingRequests" },
  sessions: { reason: "SESSION_LIMIT", what: "open streams", setting: "maxSessions" },
  topics: { reason: "TOPIC_LIMIT", what: "topics", setting: "maxTopics" },
} as const satisfies Record<Resource, ShareName>;

/** The refusal of one more of a resource, if it would exceed the share of the peer; undefined if it would not. */
export function shareRefusal(state: State, account: Account, resource: Resource): Refusal | undefined {
  const limit = state.limits[NAMES[resource].setting];
  if (!account.isAtShare(resource, limit)) return undefined;
  const share = account.shareOf(limit, state.ledger.totals[resource]);
  return beyondShare(account, NAMES[resource], account.count(resource), share);
}

/** The refusal of further bytes of pending requests, if they would exceed the share of the peer. */
export function pendingBytesRefusal(state: State, account: Account, bytes: number): Refusal | undefined {
  const share = account.shareOf(state.limits.maxPendingBytes, state.pendingBytes);
  if (account.pendingBytes + bytes <= share) return undefined;
  const what = "bytes of pending requests";
  const name = { reason: "PENDING_BYTES_LIMIT", what, setting: "maxPendingBytes" } as const;
  return beyondShare(account, name, account.pendingBytes, share);
}

interface ShareName {
  readonly reason: ReasonName;
  /** What is counted, in the plural. */
  readonly what: string;
  /** The setting whose bound is shared. */
  readonly setting: keyof Limits;
}

function beyondShare(
  { id }: Account,
  { reason, what, setting }: ShareName,
  held: number,
  share: number,
): Refusal {
  const limit = String(Math.floor(share));
  const message = `${whoIs(id)} holds ${held} ${what}, and its share of ${setting} is ${limit} now; retry later or raise ${setting} or peerShare`;
  return refusal(reason, message, { limit, scope: "peer" }, RETRY_AFTER_MS);
}
