/**
 * Describes topics, sessions, and requests with their timelines.
 */
import type { Assignment } from "./assignment.js";
import { outcomesOf, summarize } from "./gather.js";
import type { ListenerSession } from "./listener-session.js";
import type { Instant } from "./model.js";
import type { ProducerSession } from "./producer-session.js";
import type { AssignmentRecord, RequestRecord } from "./request-record.js";
import type { State } from "./state.js";
import type { TopicState } from "./topic-state.js";
import type {
  ListenerView,
  ProducerView,
  RequestView,
  TimelineEvent,
  TimelineKind,
  TopicView,
} from "./views.js";

/** A topic as it stands. */
export function topicView(state: State, topic: TopicState): TopicView {
  const { singles, groups, listenerCount } = state.router.routes(topic.name);
  return {
    topic: topic.name,
    producerCount: singles.producers.length + groups.reduce((sum, group) => sum + group.members.length, 0),
    listenerCount,
    pendingCount: topic.pendingCount,
    epoch: topic.epoch,
    sequence: topic.sequence,
    retainedCount: topic.log.count,
    retainedBytes: topic.log.byteLength,
  };
}

/** A producer as it stands. */
export function producerView(producer: ProducerSession): ProducerView {
  const { producerId, sessionId, displayName, labels, maxOutstanding, outstandingCount } = producer;
  const { isDraining, answeredCount, failedCount, missedCount, openedAt, peer } = producer;
  return {
    ...{ producerId, sessionId, displayName, labels, maxOutstanding, outstandingCount },
    ...{ isDraining, answeredCount, failedCount, missedCount, openedAt, peer },
    registrations: [...producer.registrations].map(([topic, group]) => ({ topic, group })),
    backlogCount: producer.backlog.size,
    latencyP50Ms: producer.latencyPercentile(0.5),
    latencyP95Ms: producer.latencyPercentile(0.95),
  };
}

/** A listener as it stands. */
export function listenerView(listener: ListenerSession): ListenerView {
  const { key, listenerId, sessionId, group, bufferBytes, openedAt, peer } = listener;
  const topics = [...listener.topics].sort();
  return { key, listenerId, sessionId, topics, group, bufferBytes, openedAt, peer };
}

/** A request as it stands or ended. */
export function requestView(request: RequestRecord, now: Instant): RequestView {
  const { serial, requestId, topic, acceptedAt, deadlineAt, endedAt } = request;
  const reason = request.reason ?? "EXPIRED";
  // Not as they were told: a producer that was silent may have answered since.
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

/** Everything that happened in a request's life so far, in order. */
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

function endKind(state: Assignment["state"]): TimelineKind | undefined {
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
