/** The promises that every history is checked against. */
import { Facts } from "../facts.js";
import type { HistoryEvent } from "../history.js";
import { segmentsOf } from "../segments.js";
import { atMostOnce } from "./at-most-once.js";
import { atRest } from "./at-rest.js";
import { authentic } from "./authentic.js";
import { bookmarkable } from "./bookmarkable.js";
import { complete } from "./complete.js";
import { counters } from "./counters.js";
import { inTime } from "./in-time.js";
import { ofInterest } from "./of-interest.js";
import { oneEnd } from "./one-end.js";
import { ordered } from "./ordered.js";
import { reliable } from "./reliable.js";
import { resumable } from "./resumable.js";
import { sameOrder } from "./same-order.js";
import { summaryLast } from "./summary-last.js";
import { trueOutcomes } from "./true-outcomes.js";
import { unique } from "./unique.js";
import type { Invariant, Violation } from "./violation.js";

/** All promises. */
export const INVARIANTS: readonly Invariant[] = [
  ordered,
  sameOrder,
  unique,
  reliable,
  resumable,
  bookmarkable,
  authentic,
  inTime,
  atMostOnce,
  complete,
  oneEnd,
  trueOutcomes,
  summaryLast,
  ofInterest,
  atRest,
  counters,
];

/** Checks a history against every promise. @returns all violations. */
export function violationsOf(events: readonly HistoryEvent[]): readonly Violation[] {
  const facts = new Facts(events);
  const evidence = { facts, segments: segmentsOf(facts) };
  return INVARIANTS.flatMap(({ name, promise, check }) =>
    [...check(evidence)].map(([text, ...shown]) => ({
      ...{ name, promise, text },
      events: shown.filter((event) => event !== undefined),
    })),
  );
}
