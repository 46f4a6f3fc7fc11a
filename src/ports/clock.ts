import type { Instant } from "../core/vocabulary/model.js";

/** The two clocks of the process: the monotonic clock decides, the time of day is only shown. */
export interface Clock {
  /** The monotonic time, in milliseconds. */
  now(): Instant;
  /** Converts an instant of the monotonic clock to the time of day, in milliseconds since 1970. */
  timeOfDay(at: Instant): number;
}
