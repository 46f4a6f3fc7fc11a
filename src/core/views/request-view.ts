import type { AssignmentRecord, RequestRecord } from "../state/request-record.js";
import type { AssignmentState, Instant } from "../vocabulary/model.js";
import type { RequestView, TimelineEvent, TimelineKind } from "../vocabulary/views.js";
import { outcomesOf, summarize } from "./summary.js";

/** Describes a request, pending or ended. */
export function requestView(request: RequestRecord, now: Instant): RequestView {
  const { serial, requestId, topic, acceptedAt, deadlineAt, endedAt } = request;
  const reason = request.reason ?? "EXPIRED";
  // The current states, not those of the sent summary: a missed producer may have answered late since.
  const outcomes = outcomesOf(request, reason).map((outcome, i) =>
    isOpen(request.assignments[i]) ? { ...outcome, state: "PENDING" as const } : outcome,
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
