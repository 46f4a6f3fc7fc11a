import { performance } from "node:perf_hooks";
import type { Clock } from "../ports/clock.js";

/** How long the two clocks are taken to run alike before they are compared again, in milliseconds. */
const COMPARE_MS = 1_000;

/** The clocks of this process and machine. One instant has one time of day, but for steps of the machine's clock. */
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
      // Asked for every delivery: what the clock said last is near enough to know whether to compare again.
      if (latest - comparedAt > COMPARE_MS) {
        comparedAt = now();
        const measured = Date.now() - comparedAt;
        // Date.now() knows whole milliseconds only; a smaller difference is no step.
        if (Math.abs(measured - offset) > 2) offset = measured;
      }
      return offset + at;
    },
  };
}
