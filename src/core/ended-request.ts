/**
 * Ended requests are kept for a while to be looked up, which hardly any of them ever is. Kept as they are, each would
 * be a dozen objects that live just long enough to burden the garbage collector: measured at 4x4/128, half of what a
 * scavenge kept. So what can change no more is copied into a record that is written over again and again, and a request
 * is made of it when somebody looks.
 */
import { Assignment, type AssignmentState } from "./assignment.js";
import { EndSummary } from "./gather.js";
import { COMPLETE_ALL, type EndReason, type Failure, type Instant, NO_CONTEXT } from "./model.js";
import { NO_PAYLOAD, PendingRequest } from "./pending-request.js";
import type { ProducerSession } from "./producer-session.js";

/** An instant that has a fraction, as all have: a field that begins with one is written over in place ever after. */
const SOME_INSTANT: Instant = 0.5;

/** What is kept of an assignment, as long as it is the record's. */
class EndedAssignment {
  id = 0;
  producer: ProducerSession | undefined = undefined;
  group = "";
  state: AssignmentState = "ANSWERED";
  attempt = 1;
  assignedAt = SOME_INSTANT;
  lastResultAt = SOME_INSTANT;
  settledAt = SOME_INSTANT;
  resultCount = 0;
  failure: Failure | undefined = undefined;

  put(assignment: Assignment): void {
    this.id = assignment.id;
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

  read(request: PendingRequest, producer: ProducerSession): Assignment {
    const assignment = new Assignment(this.id, request, producer, this.group);
    assignment.state = this.state;
    assignment.attempt = this.attempt;
    assignment.assignedAt = this.assignedAt;
    assignment.lastResultAt = this.lastResultAt;
    assignment.settledAt = this.settledAt;
    assignment.resultCount = this.resultCount;
    assignment.failure = this.failure;
    return assignment;
  }
}

/** The place of one ended request: holds the last one that was put there. */
export class EndedRequest {
  /** Set, and alone meant, if it may still change: by a late answer, a note, or being sent again. */
  private whole: PendingRequest | undefined = undefined;
  private serial = 0;
  private id = "";
  private topic = "";
  private acceptedAt = SOME_INSTANT;
  private deadlineAt = SOME_INSTANT;
  private endedAt = SOME_INSTANT;
  private reason: EndReason = "ALL_ANSWERED";
  private completion = COMPLETE_ALL;
  private excludeListeners = false;
  private context = NO_CONTEXT;
  private listenerCount = 0;
  private resultCount = 0;
  private errorCount = 0;
  private answeredCount = 0;
  private failedCount = 0;
  /** Written over, the first `assignmentCount` of them. */
  private readonly assignments: EndedAssignment[] = [];
  private assignmentCount = 0;

  /** The request's id. */
  get requestId(): string {
    return this.whole?.requestId ?? this.id;
  }

  /** Puts a request here that has just ended. */
  put(request: PendingRequest): void {
    const { summary, endedAt } = request;
    if (!isFinal(request) || !summary || endedAt === undefined) {
      this.whole = request;
      return;
    }
    this.whole = undefined;
    this.serial = request.serial;
    this.id = request.requestId;
    this.topic = request.topic;
    this.acceptedAt = request.acceptedAt;
    this.deadlineAt = request.deadlineAt;
    this.endedAt = endedAt;
    this.reason = summary.reason;
    this.completion = request.completion;
    this.excludeListeners = request.excludeListeners;
    this.context = request.context;
    this.listenerCount = request.acceptance.listenerCount;
    this.resultCount = request.resultCount;
    this.errorCount = request.errorCount;
    this.answeredCount = request.answeredCount;
    this.failedCount = request.failedCount;
    this.assignmentCount = request.assignments.length;
    for (let i = 0; i < this.assignmentCount; i++) {
      const assignment = request.assignments[i];
      this.assignments[i] ??= new EndedAssignment();
      if (assignment) this.assignments[i]?.put(assignment);
    }
  }

  /** The request as it ended. */
  read(): PendingRequest {
    return this.whole ?? this.made();
  }

  private made(): PendingRequest {
    const { serial, id, topic, acceptedAt, deadlineAt, completion, excludeListeners, context } = this;
    const kept = this.assignments.slice(0, this.assignmentCount);
    const acceptance = {
      requestId: id,
      targets: kept.map(({ producer, group }) => ({ producerId: producer?.producerId ?? "", group })),
      listenerCount: this.listenerCount,
      ttlMs: deadlineAt - acceptedAt,
      deadlineAt,
    };
    const request = new PendingRequest(
      ...([serial, id, topic, acceptedAt, deadlineAt, completion, undefined, "COMPLETE"] as const),
      ...([excludeListeners, context, NO_PAYLOAD, "", acceptance] as const),
    );
    for (const one of kept) if (one.producer) request.assignments.push(one.read(request, one.producer));
    request.phase = "ENDED";
    request.settledCount = this.assignmentCount;
    request.answeredCount = this.answeredCount;
    request.failedCount = this.failedCount;
    request.resultCount = this.resultCount;
    request.errorCount = this.errorCount;
    request.endedAt = this.endedAt;
    request.summary = new EndSummary(request, this.reason, this.reason, this.endedAt);
    return request;
  }
}

/** Whether nothing can happen to it any more: everybody asked has answered, and its id is not a caller's. */
function isFinal({ assignments, earlyReason, notes, digest }: PendingRequest): boolean {
  if (earlyReason !== undefined || notes !== undefined || digest !== "") return false;
  return assignments.every(({ state }) => state === "ANSWERED" || state === "FAILED");
}
