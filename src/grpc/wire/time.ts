import type { Duration, Timestamp } from "ate-dispatcher-client/internal";
import type { Malformed } from "../../core/vocabulary/model.js";

const NANOS_PER_MS = 1_000_000;
/** The limit of a protobuf Duration: 10,000 years. */
const MAX_SECONDS = 315_576_000_000;

/** Converts milliseconds to a Duration. Negative values become 0. */
export function duration(ms: number): Duration {
  const seconds = secondsOf(ms);
  return { seconds: BigInt(seconds), nanos: nanosOf(ms, seconds) };
}

/** Converts milliseconds since 1970 to a Timestamp. */
export function timestamp(timeOfDayMs: number): Timestamp {
  const seconds = secondsOf(timeOfDayMs);
  return { seconds: BigInt(seconds), nanos: nanosOf(timeOfDayMs, seconds) };
}

/** The whole seconds in a number of milliseconds; 0 if it is negative. */
export function secondsOf(ms: number): number {
  return Math.floor(Math.max(0, ms) / 1_000);
}

/** The nanoseconds that remain beside the whole seconds. */
export function nanosOf(ms: number, seconds: number): number {
  return Math.floor((Math.max(0, ms) - seconds * 1_000) * NANOS_PER_MS);
}

/** Converts the fields of a Duration to milliseconds; "MALFORMED" if protobuf does not allow the values. */
export function milliseconds(seconds: number, nanos: number): number | Malformed {
  const isInRange = Math.abs(seconds) <= MAX_SECONDS && Math.abs(nanos) < 1_000 * NANOS_PER_MS;
  const hasOneSign = seconds === 0 || nanos === 0 || seconds < 0 === nanos < 0;
  return isInRange && hasOneSign ? seconds * 1_000 + nanos / NANOS_PER_MS : "MALFORMED";
}
