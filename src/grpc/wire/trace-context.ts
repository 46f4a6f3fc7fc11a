/**
 * Bounds the trace context of a request, which is kept and forwarded with it. The bounds are what the specifications demand:
 * W3C Trace Context asks for 512 characters of `tracestate`, W3C Baggage for 8,192 bytes. A `traceparent` has 55 characters;
 * later versions may have more.
 */

/** Maximum length of the value of each key, in characters. Other keys are no trace context. */
const MAX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ["traceparent", 128],
  ["tracestate", 512],
  ["baggage", 8_192],
]);

/**
 * Returns the part of an entry that is kept. Of a longer list, the members are kept that fit, from the first on.
 *
 * @returns undefined if nothing is kept, or if the key is no trace context.
 */
export function contextValue(key: string, value: string): string | undefined {
  const maxLength = MAX_LENGTHS.get(key);
  if (maxLength === undefined) return undefined;
  if (value.length <= maxLength) return value;
  const end = key === "traceparent" ? -1 : value.lastIndexOf(",", maxLength);
  // V8 keeps the whole text alive for a part of it, so the part is copied.
  return end > 0 ? Buffer.from(value.slice(0, end)).toString() : undefined;
}

/** Whether a key is one of trace context. */
export function isContextKey(key: string): boolean {
  return MAX_LENGTHS.has(key);
}
