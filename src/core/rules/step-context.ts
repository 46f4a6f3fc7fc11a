import type { Effect } from "../vocabulary/effect.js";
import type { Instant } from "../vocabulary/model.js";

/** The step in progress: its instant, and the effects it has emitted so far. */
export interface StepContext {
  readonly now: Instant;
  readonly effects: Effect[];
}
