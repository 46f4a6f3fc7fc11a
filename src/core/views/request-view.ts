import type { AssignmentRecord, RequestRecord } from "../state/request-record.js";
import type { AssignmentState, Instant } from "../vocabulary/model.js";
import type { RequestView, TimelineEvent, TimelineKind } from "../vocabulary/views.js";
import { outcomesOf, summarize } from "./summary.js";

/** Maximum length of an error's text in a list. */
const MAX_LISTED_TEXT = 256;

/** Describes a request, pending or ended, with its first outcomes only and with cut texts of errors. */
export function listedRequestView(request: RequestRecord, now: Instant, maxOutcomes: number): RequestView {
  const view = requestView(request, now, maxOutcomes);
  const outcomes = view.summary.outcomes?.map((outcome) => {
    const { failure } = outcome;
    if (failure === undefined || failure.message.length <= MAX_LISTED_TEXT) return outcome;
    return {
      ...outcome,
      failure: { ...failure, message: `${failure.message.slice(0, MAX_LISTED_TEXT)}...` },
    };
  });
  return { ...view, summary: { ...view.summary, outcomes } };
}

/** Describes a request, pending or ended. @param maxOutcomes - the outcomes of further targets are left out. */
export function requestView(
  request: RequestRecord,
  now: Instant,
  maxOutcomes = Number.POSITIVE_INFINITY,
): RequestView {
  const { serial, requestId, topic, acceptedAt, deadlineAt, endedAt } = request;
  const reason = request.reason ?? "EXPIRED";
  const { assignments } = request;
  // The current states, not those of the sent summary: a missed producer may have answered late since.
  const outcomes = outcomesOf(request, reason, maxOutcomes).map((outcome, i) =>
    isOpen(assignments[i]) ? { ...outcome, state: "PENDING" as const } : outcome,
  );
  return {
    ...{ serial, requestId, topic, acceptedAt },
    ttlMs: deadlineAt - acceptedAt,
    isPending: endedAt === undefined,
    summary: summarize(request, reason, endedAt ?? now, outcomes),
  };
}

function isOpen(assignment: AssignmentRecord | undefined): boolean {
  return assignment?.state === "WAITING" || assignment?.state === "OUT";
}

/** All events in the life of a request, in order. */
export function timeline(request: RequestRecord): readonly TimelineEvent[] {
  const { acceptedAt, endedAt, notes, assignments } = request;
  const events: TimelineEvent[] = [{ atMs: 0, kind: "ACCEPTED", producerId: "", attempt: 0 }];
  for (const assignment of assignments) events.push(...ownEvents(assignment, acceptedAt));
  for (const { at, ...note } of notes ?? []) events.push({ ...note, atMs: at - acceptedAt });
  if (endedAt !== undefined) {
    events.push({ atMs: endedAt - acceptedAt, kind: "ENDED", producerId: "", attempt: 0 });
  }
  return events.sort((a, b) => a.atMs - b.atMs);
}

function ownEvents(assignment: AssignmentRecord, acceptedAt: Instant): TimelineEvent[] {
  const { assignedAt, settledAt, state, attempt, producer } = assignment;
  const { producerId } = producer;
  const events: TimelineEvent[] = [];
  if (assignedAt > 0) events.push({ atMs: assignedAt - acceptedAt, kind: "ASSIGNED", producerId, attempt });
  const kind = endKind(state);
  if (settledAt !== undefined && kind) {
    events.push({ atMs: settledAt - acceptedAt, kind, producerId, attempt });
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
