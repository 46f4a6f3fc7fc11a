import type { Duration, Timestamp } from "ate-dispatcher-client/internal";
import type { Malformed } from "../../core/vocabulary/model.js";

const NANOS_PER_MS = 1_000_000;
/** 10,000 years, protobuf's bound of a Duration. */
const MAX_SECONDS = 315_576_000_000;

/** A Duration of so many milliseconds, not negative. */
export function duration(ms: number): Duration {
  const seconds = secondsOf(ms);
  return { seconds: BigInt(seconds), nanos: nanosOf(ms, seconds) };
}

/** A Timestamp so many milliseconds after 1970. */
export function timestamp(timeOfDayMs: number): Timestamp {
  const seconds = secondsOf(timeOfDayMs);
  return { seconds: BigInt(seconds), nanos: nanosOf(timeOfDayMs, seconds) };
}

/** Whole seconds of so many milliseconds; 0 if they are negative. */
export function secondsOf(ms: number): number {
  return Math.floor(Math.max(0, ms) / 1_000);
}

/** The nanoseconds beyond the whole seconds. */
export function nanosOf(ms: number, seconds: number): number {
  return Math.floor((Math.max(0, ms) - seconds * 1_000) * NANOS_PER_MS);
}

/** Milliseconds of a Duration's fields, if protobuf allows them. */
export function milliseconds(seconds: number, nanos: number): number | Malformed {
  const isInRange = Math.abs(seconds) <= MAX_SECONDS && Math.abs(nanos) < 1_000 * NANOS_PER_MS;
  const hasOneSign = seconds === 0 || nanos === 0 || seconds < 0 === nanos < 0;
  return isInRange && hasOneSign ? seconds * 1_000 + nanos / NANOS_PER_MS : "MALFORMED";
}
