import type { Facts } from "../facts.js";
import type { HistoryEvent } from "../history.js";
import type { Segment } from "../segments.js";

/** A promise that was not kept. */
export interface Violation {
  /** Which invariant. */
  readonly name: string;
  /** What was promised. */
  readonly promise: string;
  /** What happened instead. */
  readonly text: string;
  /** What shows it. */
  readonly events: readonly HistoryEvent[];
}

/** What is looked at. */
export interface Evidence {
  readonly facts: Facts;
  readonly segments: readonly Segment[];
}

/** What was seen that must not be, with the events that show it. */
export type Finding = readonly [text: string, ...events: (HistoryEvent | undefined)[]];

/** A promise and how it is checked. */
export interface Invariant {
  readonly name: string;
  readonly promise: string;
  check(evidence: Evidence): Iterable<Finding>;
}
