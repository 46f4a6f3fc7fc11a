/**
 * Refusals of what exceeds the share of one peer or the budget of the process.
 */
import type { State } from "../state/state.js";
import type { Account } from "../tables/ledger.js";
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

/**
 * The refusal of a peer that has used up its share of a count.
 *
 * @param share - what the peer may use.
 * @param what - what is counted, in the plural.
 * @param setting - the setting that the share is a part of.
 */
export function beyondShare(reason: ReasonName, share: number, what: string, setting: string): Refusal {
  const message = `this address has used up its share of ${setting}, ${share} ${what}; retry later or raise peerShare`;
  return refusal(reason, message, { limit: String(share), scope: "peer" }, RETRY_AFTER_MS);
}
