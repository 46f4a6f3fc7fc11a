import { performance } from "node:perf_hooks";
import type { Clock } from "../ports/clock.js";

/** The time between two comparisons of the two clocks, in milliseconds. */
const COMPARE_MS = 1_000;

/** Creates the clocks of this process. An instant always maps to the same time of day, unless the system clock steps. */
export function createSystemClock(): Clock {
  let latest = performance.now();
  let offset = Date.now() - latest;
  let comparedAt = latest;
  const now = (): number => {
    latest = performance.now();
    return latest;
  };
  return {
    now,
    timeOfDay(at) {
      // This runs for every delivery, so the last reading decides whether to compare again; a new reading costs time.
      if (latest - comparedAt > COMPARE_MS) {
        comparedAt = now();
        const measured = Date.now() - comparedAt;
        // Date.now() has a resolution of one millisecond, so a smaller difference is not a clock step.
        if (Math.abs(measured - offset) > 2) offset = measured;
      }
      return offset + at;
    },
  };
}
