import type { Instant } from "../core/vocabulary/model.js";

/** The process's two clocks: one to decide by, one to show to people. */
export interface Clock {
  /** The monotonic clock. */
  now(): Instant;
  /** The time of day, in milliseconds since 1970, at an instant of the monotonic clock. */
  timeOfDay(at: Instant): number;
}
