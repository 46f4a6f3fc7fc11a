/**
 * The record of an ended request, kept for a while so that it can be looked up.
 *
 * Hardly any ended request is ever looked up. Kept as it was, each would be a dozen objects that live just long enough to
 * burden the garbage collector: measured at 4x4/128, they were half of what a scavenge had to copy. So a request that can
 * change no more is copied into a record, and a record is written over again and again.
 */

import {
  type AssignmentState,
  COMPLETE_ALL,
  type EndReason,
  type Failure,
  type Instant,
} from "../vocabulary/model.js";
import type { Assignment } from "./assignment.js";
import type { PendingRequest } from "./pending-request.js";
import type { AssignmentRecord, RequestRecord } from "./request-record.js";

/**
 * An instant with a fraction, as every instant is. V8 stores a field that begins as a whole number in another way, and
 * would allocate a new number for each instant that is written into it.
 */
const SOME_INSTANT: Instant = 0.5;
const NO_PRODUCER = { producerId: "" };

class EndedAssignment implements AssignmentRecord {
  producer: { readonly producerId: string } = NO_PRODUCER;
  group = "";
  state: AssignmentState = "ANSWERED";
  attempt = 1;
  assignedAt = SOME_INSTANT;
  lastResultAt = SOME_INSTANT;
  settledAt = SOME_INSTANT;
  resultCount = 0;
  failure: Failure | undefined = undefined;

  put(assignment: Assignment): void {
    this.producer = assignment.producer;
    this.group = assignment.group;
    this.state = assignment.state;
    this.attempt = assignment.attempt;
    this.assignedAt = assignment.assignedAt;
    this.lastResultAt = assignment.lastResultAt ?? 0;
    this.settledAt = assignment.settledAt ?? 0;
    this.resultCount = assignment.resultCount;
    this.failure = assignment.failure;
  }
}

/** One place for the record of an ended request; each request that is put there replaces the one before it. */
export class EndedRequest implements RequestRecord {
  /** Set, and the only part that counts, if the request may still change: by a late answer, or by being sent again. */
  private whole: PendingRequest | undefined = undefined;
  serial = 0;
  requestId = "";
  topic = "";
  acceptedAt = SOME_INSTANT;
  deadlineAt = SOME_INSTANT;
  endedAt = SOME_INSTANT;
  reason: EndReason = "ALL_ANSWERED";
  completion = COMPLETE_ALL;
  resultCount = 0;
  errorCount = 0;
  answeredCount = 0;
  failedCount = 0;
  readonly notes = undefined;
  /** Written over; the first `targetCount` of them count. */
  private readonly kept: EndedAssignment[] = [];
  private targetCount = 0;

  /** The assignments, in the order in which the targets were asked. */
  get assignments(): readonly AssignmentRecord[] {
    return this.kept.slice(0, this.targetCount);
  }

  /** Puts a request here that has just ended. */
  put(request: PendingRequest): void {
    const { reason, endedAt } = request;
    this.requestId = request.requestId;
    if (!isFinal(request) || reason === undefined || endedAt === undefined) {
      this.whole = request;
      return;
    }
    this.whole = undefined;
    this.serial = request.serial;
    this.topic = request.topic;
    this.acceptedAt = request.acceptedAt;
    this.deadlineAt = request.deadlineAt;
    this.endedAt = endedAt;
    this.reason = reason;
    this.completion = request.completion;
    this.resultCount = request.resultCount;
    this.errorCount = request.errorCount;
    this.answeredCount = request.answeredCount;
    this.failedCount = request.failedCount;
    this.targetCount = request.assignments.length;
    for (let i = 0; i < this.targetCount; i++) {
      const assignment = request.assignments[i];
      this.kept[i] ??= new EndedAssignment();
      if (assignment) this.kept[i]?.put(assignment);
    }
  }

  /** What is known of the request. Valid until the next request is put here. */
  get record(): RequestRecord {
    return this.whole ?? this;
  }
}

/** Whether a request can change no more: every target has answered, and its id is not a caller's. */
function isFinal({ assignments, notes, digest }: PendingRequest): boolean {
  if (notes !== undefined || digest !== "") return false;
  return assignments.every(({ state }) => state === "ANSWERED" || state === "FAILED");
}
