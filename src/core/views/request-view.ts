import type { AssignmentRecord, RequestRecord } from "../state/request-record.js";
import type { AssignmentState, Instant, Outcome } from "../vocabulary/model.js";
import type { RequestView, TimelineEvent, TimelineKind } from "../vocabulary/views.js";
import { outcomesOf, summarize } from "./summary.js";

/** Bounds of what is shown of one request. */
export interface RequestBound {
  /** Maximum number of targets whose outcomes and events are shown; the others are left out. */
  readonly maxTargets: number;
  /** Number of characters that the texts of all errors share. Each gets an equal part, but at least 256 characters. */
  readonly maxText: number;
}

/** The part of the bound that each text gets at least. */
const MIN_TEXT = 256;

/** Describes a request, pending or ended. */
export function requestView(request: RequestRecord, now: Instant, bound: RequestBound): RequestView {
  const { serial, requestId, topic, acceptedAt, deadlineAt, endedAt } = request;
  const reason = request.reason ?? "EXPIRED";
  const { assignments } = request;
  // The current states, not those of the sent summary: a missed producer may have answered late since.
  const outcomes = outcomesOf(request, reason, bound.maxTargets).map((outcome, i) =>
    isOpen(assignments[i]) ? { ...outcome, state: "PENDING" as const } : outcome,
  );
  return {
    serial,
    requestId,
    topic,
    acceptedAt,
    ttlMs: deadlineAt - acceptedAt,
    isPending: endedAt === undefined,
    summary: summarize(request, reason, endedAt ?? now, withCutTexts(outcomes, bound.maxText)),
  };
}

function withCutTexts(outcomes: readonly Outcome[], maxText: number): readonly Outcome[] {
  const failedCount = outcomes.filter(({ failure }) => failure !== undefined).length;
  if (failedCount === 0) return outcomes;
  const maxLength = Math.max(MIN_TEXT, Math.floor(maxText / failedCount));
  return outcomes.map((outcome) => {
    const { failure } = outcome;
    if (failure === undefined || failure.message.length <= maxLength) return outcome;
    return { ...outcome, failure: { ...failure, message: `${failure.message.slice(0, maxLength)}...` } };
  });
}

function isOpen(assignment: AssignmentRecord | undefined): boolean {
  return assignment?.state === "WAITING" || assignment?.state === "OUT";
}

/** The producer and attempt of an event of the whole request. */
const WHOLE = { producerId: "", principal: "", attempt: 0 };

/** The events in the life of a request, in order. @param maxTargets - the events of further targets are left out. */
export function timeline(request: RequestRecord, maxTargets: number): readonly TimelineEvent[] {
  const { acceptedAt, endedAt, notes, assignments } = request;
  const events: TimelineEvent[] = [{ atMs: 0, kind: "ACCEPTED", ...WHOLE }];
  for (const assignment of assignments.slice(0, maxTargets))
    events.push(...ownEvents(assignment, acceptedAt));
  for (const { at, ...note } of notes ?? []) events.push({ ...note, atMs: at - acceptedAt });
  if (endedAt !== undefined) {
    events.push({ atMs: endedAt - acceptedAt, kind: "ENDED", ...WHOLE });
  }
  return events.sort((a, b) => a.atMs - b.atMs);
}

function ownEvents(assignment: AssignmentRecord, acceptedAt: Instant): TimelineEvent[] {
  const { assignedAt, settledAt, state, attempt, producer } = assignment;
  const { producerId, principal } = producer;
  const events: TimelineEvent[] = [];
  if (assignedAt > 0)
    events.push({ atMs: assignedAt - acceptedAt, kind: "ASSIGNED", producerId, principal, attempt });
  const kind = endKind(state);
  if (settledAt !== undefined && kind) {
    events.push({ atMs: settledAt - acceptedAt, kind, producerId, principal, attempt });
  }
  return events;
}

function endKind(state: AssignmentState): TimelineKind | undefined {
  switch (state) {
    case "MISSED":
    case "CANCELLED":
    case "LATE":
      return "REVOKED";
    case "WAITING":
    case "OUT":
      return undefined;
    default:
      return state;
  }
}
