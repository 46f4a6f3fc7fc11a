/**
 * Charges the payloads that messages refer to without a copy. However many queues a payload waits in, it is in memory
 * once, so it is charged once: to the one peer for which it waits, or to no peer if several wait for it.
 */
import type { HeldBytes, PeerAccount } from "../core/vocabulary/held-bytes.js";
import type { Payload } from "../core/vocabulary/model.js";

/** Memory of a payload beside its bytes: its buffer, and its entry here; an estimate. */
const PAYLOAD_BYTES = 300;

/** A payload that waits. */
interface Held {
  account: PeerAccount;
  /** The number of chunks that refer to it. */
  chunkCount: number;
}

/** The payloads that wait in queues by reference. */
export class SharedPayloads {
  /** Not a `Map`, which can keep the keys that are deleted from it alive; see `SlotMap`. */
  private readonly held = new WeakMap<Payload, Held>();

  constructor(private readonly ledger: Pick<HeldBytes, "common">) {}

  /** A chunk refers to a payload. @param account - of the peers for which the chunk waits. */
  hold(payload: Payload, account: PeerAccount): void {
    const known = this.held.get(payload);
    if (!known) {
      this.held.set(payload, { account, chunkCount: 1 });
      account.charge(sizeOf(payload));
      return;
    }
    known.chunkCount++;
    const { common } = this.ledger;
    if (known.account === account || known.account === common) return;
    common.charge(sizeOf(payload));
    known.account.release(sizeOf(payload));
    known.account = common;
  }

  /** A chunk that referred to a payload is gone. */
  release(payload: Payload): void {
    const known = this.held.get(payload);
    if (!known || --known.chunkCount > 0) return;
    this.held.delete(payload);
    known.account.release(sizeOf(payload));
  }
}

function sizeOf(payload: Payload): number {
  return PAYLOAD_BYTES + payload.length;
}
