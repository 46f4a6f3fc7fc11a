import type {
  AssignmentState,
  Completion,
  EndReason,
  Failure,
  Instant,
  Target,
} from "../vocabulary/model.js";

/** An event in a request's life that the states of its assignments do not show. */
export interface Note {
  readonly at: Instant;
  readonly kind: "QUEUED" | "PARTIAL" | "LATE" | "ASSIGNED" | "DEPARTED";
  readonly producerId: string;
  readonly principal: string;
  readonly attempt: number;
}

/** The part of an assignment that summaries and views read. */
export interface AssignmentRecord {
  readonly producer: Pick<Target, "producerId" | "principal">;
  /** As it is kept; {@link groupName} shows it. */
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

/** The part of a request, pending or ended, that summaries and views read. */
export interface RequestRecord {
  /** Position among all requests of the process. */
  readonly serial: number;
  readonly requestId: string;
  /** The principal whose request it is; "" for an anonymous one. */
  readonly requester: string;
  readonly topic: string;
  readonly acceptedAt: Instant;
  readonly deadlineAt: Instant;
  /** Undefined until the end. */
  readonly endedAt: Instant | undefined;
  /** Why the gather ended; undefined while it continues. */
  readonly reason: EndReason | undefined;
  readonly completion: Completion;
  readonly answeredCount: number;
  readonly failedCount: number;
  /** In-time results, partial and final, including errors. */
  readonly resultCount: number;
  /** In-time results that were errors. */
  readonly errorCount: number;
  readonly assignments: readonly AssignmentRecord[];
  /** Undefined if there are none. */
  readonly notes: readonly Note[] | undefined;
}
