import { Status } from "ate-dispatcher-client/internal";
import type { Refusal } from "../../core/vocabulary/reason.js";
import { rpcStatus } from "./status.js";

/** Encodes the status of each shared refusal object once. The bytes are released together with the refusal. */
export class EncodedStatuses {
  private readonly byRefusal = new WeakMap<Refusal, Uint8Array>();

  /** Returns the encoded status of a refusal. */
  of(refusal: Refusal): Uint8Array {
    let status = this.byRefusal.get(refusal);
    if (status === undefined) {
      status = Status.encode(rpcStatus(refusal)).finish();
      this.byRefusal.set(refusal, status);
    }
    return status;
  }
}
