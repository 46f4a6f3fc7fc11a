/**
 * When a gather ends, and what its summary says. Decides only; nothing here changes anything.
 */
import type { Assignment } from "./assignment.js";
import type { EndReason, Instant, Outcome, OutcomeState, Summary } from "./model.js";
import type { PendingRequest } from "./pending-request.js";

/** Results that count towards the policy. */
function countedResults(request: PendingRequest): number {
  return request.completion.countErrors ? request.resultCount : request.resultCount - request.errorCount;
}

function isGoalMet(request: PendingRequest): boolean {
  const { until, countErrors } = request.completion;
  const targets = request.assignments.length;
  switch (until.kind) {
    case "all":
      return targets > 0 && request.answeredCount + (countErrors ? request.failedCount : 0) === targets;
    case "resultCount":
      return countedResults(request) >= until.count;
    case "quorumPercent": {
      const answered = request.answeredCount + (countErrors ? request.failedCount : 0);
      return targets > 0 && answered >= Math.ceil((targets * until.percent) / 100);
    }
    case "firstSuccess":
      return request.resultCount > request.errorCount;
  }
}

/**
 * Says why a gather is over, or undefined if it goes on.
 *
 * The goal comes before the exhaustion of the targets, so that the last answer needed, when it is also the last one
 * possible, reads POLICY_MET.
 */
export function endOf(request: PendingRequest): EndReason | undefined {
  if (request.isHeld) return undefined;
  if (request.completion.until.kind !== "all" && isGoalMet(request)) return "POLICY_MET";
  return request.settledCount === request.assignments.length ? "ALL_ANSWERED" : undefined;
}

/** When the request is next due: at the end of its TTL, or before if it may stall. */
export function dueAt(request: PendingRequest, lastResultAt: Instant | undefined): Instant {
  const stallMs = request.completion.stallTimeoutMs;
  if (stallMs === undefined || lastResultAt === undefined) return request.deadlineAt;
  return Math.min(request.deadlineAt, lastResultAt + stallMs);
}

/** Whether the request got what it asked for. */
function isSatisfied(request: PendingRequest): boolean {
  const { minResults } = request.completion;
  return minResults > 0 ? countedResults(request) >= minResults : isGoalMet(request);
}

/** Whether a gather that ends for this reason ends before its TTL although more could come. */
export function isEarly(reason: EndReason): boolean {
  return reason === "POLICY_MET" || reason === "STALLED";
}

/** The state an open assignment ends in when its request does. */
export function stateAtEnd(assignment: Assignment, reason: EndReason): OutcomeState {
  if (assignment.state === "WAITING") return "SATURATED";
  const runsOn = assignment.request.completion.loserAction === "LET_RUN" && isEarly(reason);
  return reason === "EXPIRED" || runsOn ? "MISSED" : "CANCELLED";
}

/** Sums a request up as it would end now. */
export function summarize(request: PendingRequest, reason: EndReason, now: Instant): Summary {
  return {
    requestId: request.requestId,
    topic: request.topic,
    reason,
    satisfied: isSatisfied(request),
    answeredCount: request.answeredCount,
    failedCount: request.failedCount,
    elapsedMs: now - request.acceptedAt,
    outcomes: request.assignments.map((assignment) => outcome(assignment, reason)),
  };
}

/** The summary of a request that ends now. Its outcomes are made when somebody looks, which is rarely the case. */
export class EndSummary implements Summary {
  readonly requestId: string;
  readonly topic: string;
  readonly satisfied: boolean;
  readonly answeredCount: number;
  readonly failedCount: number;
  readonly elapsedMs: number;

  /**
   * @param reason - what callers and listeners are told.
   * @param endReason - why it ends now; another one if the callers had their summary before.
   */
  constructor(
    private readonly request: PendingRequest,
    readonly reason: EndReason,
    private readonly endReason: EndReason,
    now: Instant,
  ) {
    this.requestId = request.requestId;
    this.topic = request.topic;
    this.satisfied = isSatisfied(request);
    this.answeredCount = request.answeredCount;
    this.failedCount = request.failedCount;
    this.elapsedMs = now - request.acceptedAt;
  }

  get outcomes(): readonly Outcome[] {
    return this.request.assignments.map((assignment) => {
      const atEnd = outcome(assignment, this.endReason);
      // Answered after the end: a summary says how things stood.
      return atEnd.state === "LATE" ? { ...atEnd, state: "MISSED" } : atEnd;
    });
  }
}

function outcome(assignment: Assignment, reason: EndReason): Outcome {
  const { state, request, lastResultAt } = assignment;
  return {
    producerId: assignment.producer.producerId,
    group: assignment.group,
    state: state === "WAITING" || state === "OUT" ? stateAtEnd(assignment, reason) : state,
    latencyMs: lastResultAt === undefined ? undefined : lastResultAt - request.acceptedAt,
    resultCount: assignment.resultCount,
    failure: assignment.failure,
  };
}
