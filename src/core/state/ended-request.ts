/**
 * The record of an ended request, remembered for a while so that it can be looked up.
 *
 * The natural way is to keep the ended request itself. But each is a dozen objects that live just long enough to be
 * copied by the garbage collector, although hardly any is ever looked up: at 4x4/128, they were half of what a scavenge
 * had to copy. Instead, a request that can no longer change is copied into a record, and records are overwritten again
 * and again. The records can go when ended requests are no longer remembered by default.
 */

import type { Placed } from "../tables/serial-order.js";
import {
  type AssignmentState,
  COMPLETE_ALL,
  type EndReason,
  type Failure,
  type Instant,
} from "../vocabulary/model.js";
import type { Assignment } from "./assignment.js";
import {
  ENDED_BYTES,
  ENDED_SESSION_BYTES,
  ENDED_TARGET_BYTES,
  failureBytes,
  NOTE_BYTES,
  requestBytes,
} from "./costs.js";
import type { PendingRequest } from "./pending-request.js";
import type { AssignmentRecord, RequestRecord } from "./request-record.js";

/**
 * The initial value of instants: any number with a fraction.
 *
 * The natural value is 0. But V8 chooses the storage of a field by its first value: for a field that begins as a whole
 * number, it allocates a new number object for every fraction that is written later. A field that begins with a
 * fraction is overwritten in place. This can go when V8 no longer chooses the storage by the first value.
 */
const FRACTIONAL_INSTANT: Instant = 0.5;
const NO_PRODUCER = { producerId: "", principal: "" };
/** Number of targets for which a record always keeps the memory. */
const MIN_SPARE_TARGETS = 16;

class EndedAssignment implements AssignmentRecord {
  producer: AssignmentRecord["producer"] = NO_PRODUCER;
  group = "";
  state: AssignmentState = "ANSWERED";
  attempt = 1;
  assignedAt = FRACTIONAL_INSTANT;
  lastResultAt = FRACTIONAL_INSTANT;
  settledAt = FRACTIONAL_INSTANT;
  resultCount = 0;
  failure: Failure | undefined = undefined;

  put(assignment: Assignment): void {
    // Not the session, which would keep its labels and tables alive.
    this.producer = assignment.producer.target;
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

/** A reusable record of an ended request; each request that is put into it replaces the previous one. */
export class EndedRequest implements RequestRecord, Placed {
  /** The request itself if a late answer may still change it; other fields are then unused. */
  private original: PendingRequest | undefined = undefined;
  place = 0;
  serial = 0;
  requestId = "";
  requester = "";
  topic = "";
  acceptedAt = FRACTIONAL_INSTANT;
  deadlineAt = FRACTIONAL_INSTANT;
  endedAt = FRACTIONAL_INSTANT;
  reason: EndReason = "ALL_ANSWERED";
  completion = COMPLETE_ALL;
  resultCount = 0;
  errorCount = 0;
  answeredCount = 0;
  failedCount = 0;
  readonly notes = undefined;
  /** Overwritten by each request; only the first `targetCount` entries are valid. */
  private readonly reused: EndedAssignment[] = [];
  private targetCount = 0;
  /** Size of the failures of the stored request, or of the request itself if that is stored. */
  private extraBytes = 0;

  /** Bytes that the record holds, with what it keeps for the next request. */
  get byteLength(): number {
    return ENDED_BYTES + ENDED_TARGET_BYTES * this.reused.length + this.extraBytes;
  }

  /** The assignments, in the order in which the targets were asked. */
  get assignments(): readonly AssignmentRecord[] {
    return this.reused.slice(0, this.targetCount);
  }

  /** Stores a request that has ended. */
  put(request: PendingRequest): void {
    this.drop();
    const { reason, endedAt, assignments } = request;
    this.requestId = request.requestId;
    this.requester = request.requester;
    if (!isFinal(request) || reason === undefined || endedAt === undefined) {
      this.original = request;
      this.extraBytes = originalBytes(request);
      return;
    }
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
    this.targetCount = assignments.length;
    // A record must not stay as large as the largest request that it ever held.
    if (this.reused.length > 2 * this.targetCount + MIN_SPARE_TARGETS) this.reused.length = this.targetCount;
    for (let i = 0; i < this.targetCount; i++) {
      const assignment = assignments[i];
      this.reused[i] ??= new EndedAssignment();
      if (assignment) this.reused[i]?.put(assignment);
      if (assignment?.failure) this.extraBytes += failureBytes(assignment.failure);
    }
  }

  /** Counts the references to sessions. @returns the bytes of those that only this record keeps. */
  joinSessions(): number {
    if (!this.original) return 0;
    let bytes = 0;
    for (const { producer } of this.original.assignments) {
      if (producer.recordCount++ === 0 && producer.isDropped) bytes += ENDED_SESSION_BYTES;
    }
    return bytes;
  }

  /** The reverse of {@link joinSessions}, before the request is dropped. @returns the bytes of sessions that nothing keeps. */
  leaveSessions(): number {
    if (!this.original) return 0;
    let bytes = 0;
    for (const { producer } of this.original.assignments) {
      if (--producer.recordCount === 0 && producer.isDropped) bytes += ENDED_SESSION_BYTES;
    }
    return bytes;
  }

  /** Drops the stored request. @param isFreed - whether the memory is freed that is kept for the next request. */
  drop(isFreed = false): void {
    this.original?.dropRecord();
    this.original = undefined;
    this.extraBytes = 0;
    if (isFreed) this.reused.length = 0;
  }

  /** The stored request. Valid until the next request is put here. */
  get record(): RequestRecord {
    return this.original ?? this;
  }
}

function originalBytes(request: PendingRequest): number {
  const { completion, assignments, maxNotes } = request;
  let bytes = ENDED_BYTES + requestBytes(request, completion, assignments.length) + NOTE_BYTES * maxNotes;
  for (const { failure } of assignments) if (failure) bytes += failureBytes(failure);
  return bytes;
}

/** Whether a request can no longer change: every target has answered. */
function isFinal({ assignments, notes }: PendingRequest): boolean {
  if (notes !== undefined) return false;
  return assignments.every(({ state }) => state === "ANSWERED" || state === "FAILED");
}
