import type { Shape } from "./shape.js";

const DEFAULT_BYTES = 4 * 1024 * 1024;
/** What a delivery may weigh beside its payload: ids, topic, times, and the server's own book-keeping. */
const DELIVERY_OVERHEAD_BYTES = 512;

/**
 * The buffer a listener asks for: room for a whole window, or 0, the server's default, where that is enough.
 *
 * In a closed loop a listener may be a whole window behind without being slow; with less room it would lose results.
 */
export function listenerBufferBytes(shape: Shape): number {
  const bytes = shape.window * shape.producers * (shape.payloadBytes + DELIVERY_OVERHEAD_BYTES);
  return bytes > DEFAULT_BYTES ? bytes : 0;
}
