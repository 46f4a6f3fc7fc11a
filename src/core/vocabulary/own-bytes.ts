import type { Payload } from "./model.js";

/**
 * The payload, copied if the buffer that it is a view of is more than twice as large.
 *
 * The natural way is to keep the payload as it was decoded. But it is a view of the buffer of its whole message, and
 * would keep that buffer alive. A copy releases the buffer; a payload that fills at least half of it is not worth one.
 * This can go when the decoder copies payloads.
 */
export function ownBytes(payload: Payload): Payload {
  // Not slice(): payloads from the wire are Buffers, whose slice() is another view, not a copy.
  return payload.buffer.byteLength > 2 * payload.length ? new Uint8Array(payload) : payload;
}
