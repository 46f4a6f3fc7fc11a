import type { Shape } from "./shape.js";

const DEFAULT_BYTES = 4 * 1024 * 1024;
/** Bytes of a delivery beside its payload: ids, topic, times, and what the server adds for accounting. */
const DELIVERY_OVERHEAD_BYTES = 512;

/**
 * The buffer that a listener asks for: room for a whole window, or 0 for the server's default if that is enough.
 *
 * In a closed loop a listener may fall a whole window behind without being slow; a smaller buffer would drop results.
 */
export function listenerBufferBytes(shape: Shape): number {
  const bytes = shape.window * shape.producers * (shape.payloadBytes + DELIVERY_OVERHEAD_BYTES);
  return bytes > DEFAULT_BYTES ? bytes : 0;
}
