import { type Account, Ledger } from "../../src/core/tables/ledger.js";

/** A ledger of a process that may hold anything. */
export function anyLedger(): Ledger {
  return new Ledger({ maxHeldBytes: Number.MAX_SAFE_INTEGER, peerShare: 0 });
}

/** An account that may hold anything. */
export function anyAccount(): Account {
  return anyLedger().of("peer");
}
