import { Status } from "ate-dispatcher-client/internal";
import type { Refusal } from "../../core/vocabulary/reason.js";
import { rpcStatus } from "./status.js";

/** Statuses of refusals that are the same object every time, encoded once; a refusal that is gone takes its bytes along. */
export class EncodedStatuses {
  private readonly byRefusal = new WeakMap<Refusal, Uint8Array>();

  /** The encoded status of a refusal. */
  of(refusal: Refusal): Uint8Array {
    let status = this.byRefusal.get(refusal);
    if (status === undefined) {
      status = Status.encode(rpcStatus(refusal)).finish();
      this.byRefusal.set(refusal, status);
    }
    return status;
  }
}
