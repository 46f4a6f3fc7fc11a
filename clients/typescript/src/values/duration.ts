import type { WireCursor } from "../codec/cursor.js";
import { TAGS } from "../gen/field-numbers.js";
import type { Duration } from "../gen/google/protobuf/duration.js";
import type { Timestamp } from "../gen/google/protobuf/timestamp.js";

const { seconds: DURATION_SECONDS, nanos: DURATION_NANOS } = TAGS.DURATION;

/** The largest duration that protobuf allows, in milliseconds: 10,000 years. */
export const MAX_DURATION_MS = 315_576_000_000_000;

/**
 * Converts milliseconds to a `google.protobuf.Duration`.
 *
 * @param ms - finite, from -{@link MAX_DURATION_MS} to {@link MAX_DURATION_MS}; rounded to the nanosecond.
 */
export function durationFromMs(ms: number): Duration {
  const wholeSeconds = Math.trunc(ms / 1000);
  const nanos = Math.round((ms - wholeSeconds * 1000) * 1e6);
  return Math.abs(nanos) === 1e9
    ? { seconds: BigInt(wholeSeconds + Math.sign(nanos)), nanos: 0 }
    : { seconds: BigInt(wholeSeconds), nanos };
}

/** Converts a `google.protobuf.Duration` to milliseconds; 0 if absent. */
export function msFromDuration(duration: Duration | undefined): number {
  return duration === undefined ? 0 : Number(duration.seconds) * 1000 + duration.nanos / 1e6;
}

/** Converts a `google.protobuf.Timestamp` to a Date, rounded down to the millisecond; the Unix epoch if absent. */
export function dateFromTimestamp(timestamp: Timestamp | undefined): Date {
  if (timestamp === undefined) return new Date(0);
  return new Date(Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1e6));
}

/** Reads a `google.protobuf.Duration` field, in milliseconds. */
export function readDuration(cursor: WireCursor): number {
  const { seconds, nanos } = readSeconds(cursor);
  return seconds * 1000 + nanos / 1e6;
}

/** Reads a `google.protobuf.Timestamp` field, rounded down to the millisecond. */
export function readTimestamp(cursor: WireCursor): Date {
  const { seconds, nanos } = readSeconds(cursor);
  return new Date(seconds * 1000 + Math.floor(nanos / 1e6));
}

/** Reads seconds and nanos. Duration and Timestamp have the same encoding. */
function readSeconds(cursor: WireCursor): { readonly seconds: number; readonly nanos: number } {
  const end = cursor.stop();
  let [seconds, nanos] = [0, 0];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    if (tag === DURATION_SECONDS) seconds = cursor.int64();
    else if (tag === DURATION_NANOS) nanos = cursor.int64();
    else cursor.skipField(tag);
  }
  return { seconds, nanos };
}
