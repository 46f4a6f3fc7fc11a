import { performance } from "node:perf_hooks";
import type { Clock } from "../ports/clock.js";

/** How long the two clocks are taken to run alike before they are compared again, in milliseconds. */
const COMPARE_MS = 1_000;

/** The clocks of this process and machine. One instant has one time of day, but for steps of the machine's clock. */
export function createSystemClock(): Clock {
  let offset = 0;
  let comparedAt = Number.NEGATIVE_INFINITY;
  return {
    now: () => performance.now(),
    timeOfDay(at) {
      const now = performance.now();
      if (now - comparedAt > COMPARE_MS) {
        const measured = Date.now() - now;
        // Date.now() knows whole milliseconds only; a smaller difference is no step.
        if (Math.abs(measured - offset) > 2) offset = measured;
        comparedAt = now;
      }
      return offset + at;
    },
  };
}
