import type { Facts } from "../facts.js";
import type { HistoryEvent } from "../history.js";
import type { Segment } from "../segments.js";

/** A broken promise. */
export interface Violation {
  /** The name of the invariant. */
  readonly name: string;
  /** The promise. */
  readonly promise: string;
  /** What happened instead. */
  readonly text: string;
  /** The events that show the violation. */
  readonly events: readonly HistoryEvent[];
}

/** The history that invariants check. */
export interface Evidence {
  readonly facts: Facts;
  readonly segments: readonly Segment[];
}

/** A violation: a description and the events that show it. */
export type Finding = readonly [text: string, ...events: (HistoryEvent | undefined)[]];

/** A promise and how it is checked. */
export interface Invariant {
  readonly name: string;
  readonly promise: string;
  check(evidence: Evidence): Iterable<Finding>;
}
