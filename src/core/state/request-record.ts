import type { AssignmentState, Completion, EndReason, Failure, Instant } from "../vocabulary/model.js";

/** Something in a request's life that its assignments do not tell by themselves. */
export interface Note {
  readonly at: Instant;
  readonly kind: "QUEUED" | "PARTIAL" | "LATE" | "ASSIGNED" | "DEPARTED";
  readonly producerId: string;
  readonly attempt: number;
}

/** What summaries and views show of an assignment. */
export interface AssignmentRecord {
  readonly producer: { readonly producerId: string };
  readonly group: string;
  readonly state: AssignmentState;
  readonly attempt: number;
  /** 0 if it has not been assigned. */
  readonly assignedAt: Instant;
  readonly lastResultAt: Instant | undefined;
  readonly settledAt: Instant | undefined;
  readonly resultCount: number;
  readonly failure: Failure | undefined;
}

/** What summaries and views show of a request, in flight or ended. */
export interface RequestRecord {
  /** Position among all requests of the process. */
  readonly serial: number;
  readonly requestId: string;
  readonly topic: string;
  readonly acceptedAt: Instant;
  readonly deadlineAt: Instant;
  /** Undefined until the end. */
  readonly endedAt: Instant | undefined;
  /** Why its gather ended; undefined while it goes on. */
  readonly reason: EndReason | undefined;
  readonly completion: Completion;
  readonly answeredCount: number;
  readonly failedCount: number;
  /** Results in time, partial and final, with errors. */
  readonly resultCount: number;
  /** Those of them that were errors. */
  readonly errorCount: number;
  readonly assignments: readonly AssignmentRecord[];
  /** Undefined if there are none. */
  readonly notes: readonly Note[] | undefined;
}
