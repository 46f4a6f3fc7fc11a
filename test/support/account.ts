import { type Account, Ledger } from "../../src/core/tables/ledger.js";

/** An account that may hold anything. */
export function anyAccount(): Account {
  return new Ledger({ maxHeldBytes: Number.MAX_SAFE_INTEGER, peerShare: 1 }).of("peer");
}
