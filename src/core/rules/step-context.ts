import type { Effect } from "../vocabulary/effect.js";
import type { Instant } from "../vocabulary/model.js";

/** One step under way: the instant it happens at, and the orders it has given so far. */
export interface StepContext {
  readonly now: Instant;
  readonly effects: Effect[];
}
