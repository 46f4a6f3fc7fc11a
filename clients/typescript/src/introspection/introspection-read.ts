// Converts the messages of introspection.proto to the plain values of this library.

import {
  type ListenerInfo as ListenerMessage,
  type ProducerInfo as ProducerMessage,
  type RequestInfo as RequestMessage,
  ServerCounts as ServerCountsMessage,
  type ServerInfo as ServerMessage,
  ServerTotals as ServerTotalsMessage,
  TimelineKind,
  type TopicInfo as TopicMessage,
} from "../gen/ate/dispatcher/v1/introspection.js";
import { Summary as SummaryMessage } from "../gen/ate/dispatcher/v1/summary.js";
import { dateFromTimestamp, msFromDuration } from "../values/duration.js";
import { nameOf } from "../values/enum-names.js";
import { summaryOf } from "../values/summary.js";
import type {
  ListenerInfo,
  ProducerInfo,
  RequestDetails,
  RequestInfo,
  ServerInfo,
  ServerTotals,
  TopicInfo,
} from "./introspection-info.js";

/** Converts the description of a server. */
export function serverInfoOf(message: ServerMessage): ServerInfo {
  const counts = message.counts ?? ServerCountsMessage.create();
  return {
    serverId: message.serverId,
    version: message.version,
    runtimeVersion: message.runtimeVersion,
    startTime: dateFromTimestamp(message.startTime),
    uptimeMs: msFromDuration(message.uptime),
    draining: message.draining,
    limits: Object.fromEntries(
      Object.entries(message.limits).map(([name, value]) => [name, Number(value)] as const),
    ),
    counts: { ...counts, retainedBytes: Number(counts.retainedBytes) },
    totals: totalsOf(message.totals ?? ServerTotalsMessage.create()),
  };
}

/** Converts the description of a topic. */
export function topicInfoOf(message: TopicMessage): TopicInfo {
  const { retainedCount, retainedBytes } = message;
  return { ...message, retainedCount: Number(retainedCount), retainedBytes: Number(retainedBytes) };
}

/** Converts the description of a producer. */
export function producerInfoOf(message: ProducerMessage): ProducerInfo {
  const { latencyP50, latencyP95, ...rest } = message;
  return {
    ...rest,
    // An older server tells no number, and shows all registrations.
    registrationCount: Math.max(message.registrationCount, message.registrations.length),
    answeredCount: Number(message.answeredCount),
    failedCount: Number(message.failedCount),
    missedCount: Number(message.missedCount),
    latencyP50Ms: latencyP50 && msFromDuration(latencyP50),
    latencyP95Ms: latencyP95 && msFromDuration(latencyP95),
    connectTime: dateFromTimestamp(message.connectTime),
  };
}

/** Converts the description of a listener. */
export function listenerInfoOf(message: ListenerMessage): ListenerInfo {
  return {
    ...message,
    topicCount: Math.max(message.topicCount, message.topics.length),
    queuedBytes: Number(message.queuedBytes),
    bufferBytes: Number(message.bufferBytes),
    deliveredCount: Number(message.deliveredCount),
    droppedCount: Number(message.droppedCount),
    connectTime: dateFromTimestamp(message.connectTime),
  };
}

/** Converts the description of a request, without its timeline. */
export function requestInfoOf(message: RequestMessage): RequestInfo {
  const { requestId, topic, pending } = message;
  const summary = summaryOf(message.summary ?? SummaryMessage.create());
  return {
    ...{ requestId, topic, pending },
    acceptTime: dateFromTimestamp(message.acceptTime),
    ttlMs: msFromDuration(message.ttl),
    summary: { ...summary, reason: pending ? undefined : summary.reason },
  };
}

/** Converts the description of a request, with its timeline. */
export function requestDetailsOf(message: RequestMessage): RequestDetails {
  return {
    ...requestInfoOf(message),
    timeline: message.timeline.map(({ at, kind, producerId, principal, attempt }) => ({
      atMs: msFromDuration(at),
      kind: nameOf(TimelineKind, kind),
      producerId,
      principal,
      attempt,
    })),
  };
}

function totalsOf(message: ServerTotalsMessage): ServerTotals {
  return {
    acceptedRequests: Number(message.acceptedRequests),
    rejectedRequests: Number(message.rejectedRequests),
    assignments: Number(message.assignments),
    results: Number(message.results),
    lateResults: Number(message.lateResults),
    duplicateResults: Number(message.duplicateResults),
    unknownResults: Number(message.unknownResults),
    cancelledResults: Number(message.cancelledResults),
    deliveries: Number(message.deliveries),
    droppedDeliveries: Number(message.droppedDeliveries),
  };
}
