import { textSize } from "../codec/writer.js";

/**
 * The size up to which every server accepts a message, in bytes. A client keeps to it, because a server tells its own
 * limit only after the first message, and callers never learn it.
 */
export const MAX_MESSAGE_BYTES = 64 * 1024;

/** More than the tags and lengths around an item of a few short fields, in bytes. */
const ITEM_OVERHEAD_BYTES = 32;
/** More than the tags, lengths and short fields of a message that lists items, in bytes. */
const MESSAGE_OVERHEAD_BYTES = 256;

/** The maximum size of an item with these texts, in bytes, as part of a message. */
export function itemBytes(...texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + textSize(text), ITEM_OVERHEAD_BYTES);
}

/**
 * Distributes items over messages of at most {@link MAX_MESSAGE_BYTES}, in order.
 *
 * @param bytesOf - the size of an item; see {@link itemBytes}.
 * @param usedBytes - how much of the first message is in use already.
 * @returns the items of each message. The first may be empty; there is always a first one. An item that is too large by
 * itself gets a message of its own.
 */
export function partsOf<T>(items: readonly T[], bytesOf: (item: T) => number, usedBytes = 0): T[][] {
  let part: T[] = [];
  const parts = [part];
  let byteLength = usedBytes + MESSAGE_OVERHEAD_BYTES;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (byteLength + bytes > MAX_MESSAGE_BYTES && (part.length > 0 || parts.length === 1)) {
      part = [];
      parts.push(part);
      byteLength = MESSAGE_OVERHEAD_BYTES;
    }
    part.push(item);
    byteLength += bytes;
  }
  return parts;
}
