import type { Payload } from "../vocabulary/model.js";

/** The bytes, without the message they came in if that is more than twice as large: kept, they would keep all of it. */
export function ownBytes(payload: Payload): Payload {
  // Not slice(): what comes off the wire is a Buffer, of which that is one more view.
  return payload.buffer.byteLength > 2 * payload.length ? new Uint8Array(payload) : payload;
}
