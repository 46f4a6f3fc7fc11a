import type { Payload } from "../vocabulary/model.js";

/**
 * The payload, copied if the buffer that it is a view of is more than twice as large.
 *
 * The natural way is to keep the payload as it was decoded. But it is a view of its whole message, which it would keep
 * alive. A payload that makes up at least half of its message is not copied. This can go when the decoder copies.
 */
export function ownBytes(payload: Payload): Payload {
  // Not slice(): payloads from the wire are Buffers, whose slice() is another view, not a copy.
  return payload.buffer.byteLength > 2 * payload.length ? new Uint8Array(payload) : payload;
}
