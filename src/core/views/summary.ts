/**
 * Summaries of requests: whether a request is satisfied, and the outcomes of its targets.
 */

import type { AssignmentRecord, RequestRecord } from "../state/request-record.js";
import { groupName } from "../vocabulary/identity.js";
import {
  type Completion,
  type EndReason,
  type Instant,
  MAX_KEPT_FAILURE,
  type Outcome,
  type OutcomeState,
  type Summary,
} from "../vocabulary/model.js";
import { ownText } from "../vocabulary/own-text.js";

/** Number of results that count towards the completion policy. */
function countedResults(request: RequestRecord): number {
  return request.completion.countErrors ? request.resultCount : request.resultCount - request.errorCount;
}

/** Whether the goal of the completion policy is met. */
export function isGoalMet(request: RequestRecord): boolean {
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

/** Whether the request is satisfied: by `minResults` if set, otherwise by its goal. */
function isSatisfied(request: RequestRecord): boolean {
  const { minResults } = request.completion;
  return minResults > 0 ? countedResults(request) >= minResults : isGoalMet(request);
}

/** Whether a gather that ends for this reason ends before its TTL although more results could arrive. */
export function isEarly(reason: EndReason): boolean {
  return reason === "POLICY_MET" || reason === "STALLED";
}

/** The state in which an open assignment is settled when its request ends. */
export function stateAtEnd(
  { state }: Pick<AssignmentRecord, "state">,
  { loserAction }: Completion,
  reason: EndReason,
): OutcomeState {
  if (state === "WAITING") return "SATURATED";
  const runsOn = loserAction === "LET_RUN" && isEarly(reason);
  return reason === "EXPIRED" || runsOn ? "MISSED" : "CANCELLED";
}

/**
 * Summarizes a request.
 *
 * @param at - when the request ended, or the current instant.
 * @param outcomes - undefined if no peer receives the summary.
 */
export function summarize(
  request: RequestRecord,
  reason: EndReason,
  at: Instant,
  outcomes: readonly Outcome[] | undefined,
): Summary {
  return {
    requestId: request.requestId,
    requester: request.requester,
    topic: request.topic,
    reason,
    satisfied: isSatisfied(request),
    targetedCount: request.assignments.length,
    answeredCount: request.answeredCount,
    failedCount: request.failedCount,
    elapsedMs: at - request.acceptedAt,
    outcomes,
  };
}

/**
 * The outcomes of a request that ends now for this reason, or that has ended.
 *
 * @param max - the outcomes of further targets are left out.
 */
export function outcomesOf(
  request: RequestRecord,
  reason: EndReason,
  max = Number.POSITIVE_INFINITY,
): readonly Outcome[] {
  const { assignments } = request;
  const shown = assignments.length > max ? assignments.slice(0, max) : assignments;
  return shown.map((assignment) => outcome(assignment, request, reason));
}

/** The summary of a request at its end: a target that answered late counts as MISSED. */
export function summaryAtEnd(request: RequestRecord): Summary {
  const reason = request.reason ?? "CANCELLED";
  const outcomes = outcomesOf(request, reason).map((atEnd) =>
    atEnd.state === "LATE" ? { ...atEnd, state: "MISSED" as const } : atEnd,
  );
  return summarize(request, reason, request.endedAt ?? request.acceptedAt, outcomes);
}

/** A summary without the ends of long failures, and without references to their whole texts. */
export function withCutFailures(summary: Summary): Summary {
  if (summary.failedCount === 0 || !summary.outcomes) return summary;
  return { ...summary, outcomes: summary.outcomes.map(cutFailure) };
}

function cutFailure(outcome: Outcome): Outcome {
  const { failure } = outcome;
  if (failure === undefined || failure.message.length <= MAX_KEPT_FAILURE) return outcome;
  return { ...outcome, failure: { ...failure, message: ownText(failure.message, MAX_KEPT_FAILURE) } };
}

function outcome(assignment: AssignmentRecord, request: RequestRecord, reason: EndReason): Outcome {
  const { state, lastResultAt } = assignment;
  const isOpen = state === "WAITING" || state === "OUT";
  return {
    producerId: assignment.producer.producerId,
    principal: assignment.producer.principal,
    group: groupName(assignment.group),
    state: isOpen ? stateAtEnd(assignment, request.completion, reason) : state,
    latencyMs: lastResultAt === undefined ? undefined : lastResultAt - request.acceptedAt,
    resultCount: assignment.resultCount,
    failure: assignment.failure,
  };
}
