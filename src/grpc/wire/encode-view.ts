/**
 * Converts views of the core to messages of introspection.proto.
 */
import {
  type ListenerInfo,
  type ProducerInfo,
  type RequestInfo,
  type ServerInfo,
  SummaryReason,
  TimelineKind,
  type TopicInfo,
} from "ate-dispatcher-client/internal";
import type {
  ListenerView,
  ProducerView,
  RequestView,
  Snapshot,
  TimelineEvent,
  TopicView,
} from "../../core/vocabulary/views.js";
import type { Clock } from "../../ports/clock.js";
import type { QueueView } from "../../ports/runtime.js";
import { summary } from "./encode-event.js";
import { duration, timestamp } from "./time.js";

/** Facts about the process that the core does not know. */
export interface ProcessFacts {
  readonly serverId: string;
  readonly version: string;
  /** The start, on the monotonic clock. */
  readonly startedAt: number;
  /** Limits by name, in the unit that the name states. */
  readonly limits: Readonly<Record<string, number>>;
}

/** Converts the state of the server. */
export function serverInfo(
  { phase, counts, totals }: Snapshot,
  droppedCount: number,
  facts: ProcessFacts,
  clock: Clock,
): ServerInfo {
  return {
    serverId: facts.serverId,
    version: facts.version,
    runtimeVersion: `node ${process.versions.node}`,
    startTime: timestamp(clock.timeOfDay(facts.startedAt)),
    uptime: duration(clock.now() - facts.startedAt),
    draining: phase !== "OPEN",
    limits: Object.fromEntries(Object.entries(facts.limits).map(([name, value]) => [name, BigInt(value)])),
    counts: { ...counts, retainedBytes: BigInt(counts.retainedBytes) },
    totals: {
      acceptedRequests: BigInt(totals.acceptedRequests),
      rejectedRequests: BigInt(totals.rejectedRequests),
      assignments: BigInt(totals.assignments),
      results: BigInt(totals.results),
      lateResults: BigInt(totals.lateResults),
      duplicateResults: BigInt(totals.duplicateResults),
      unknownResults: BigInt(totals.unknownResults),
      cancelledResults: BigInt(totals.cancelledResults),
      deliveries: BigInt(totals.deliveries),
      droppedDeliveries: BigInt(droppedCount),
    },
  };
}

/** Converts a topic. */
export function topicInfo(view: TopicView): TopicInfo {
  return {
    topic: view.topic,
    producerCount: view.producerCount,
    listenerCount: view.listenerCount,
    pendingCount: view.pendingCount,
    epoch: view.epoch,
    sequence: BigInt(view.sequence),
    retainedCount: BigInt(view.retainedCount),
    retainedBytes: BigInt(view.retainedBytes),
  };
}

/** Converts a producer. */
export function producerInfo(view: ProducerView, clock: Clock): ProducerInfo {
  const { producerId, principal, sessionId, displayName, registrations, peer } = view;
  const { registrationCount, maxOutstanding, outstandingCount, backlogCount, latencyP50Ms, latencyP95Ms } =
    view;
  return {
    ...{ producerId, principal, sessionId, displayName, registrations, peer },
    ...{ registrationCount, maxOutstanding, outstandingCount, backlogCount },
    labels: Object.fromEntries(view.labels),
    draining: view.isDraining,
    answeredCount: BigInt(view.answeredCount),
    failedCount: BigInt(view.failedCount),
    missedCount: BigInt(view.missedCount),
    latencyP50: latencyP50Ms === undefined ? undefined : duration(latencyP50Ms),
    latencyP95: latencyP95Ms === undefined ? undefined : duration(latencyP95Ms),
    connectTime: timestamp(clock.timeOfDay(view.openedAt)),
  };
}

/** Converts a listener and its queue. */
export function listenerInfo(view: ListenerView, queue: QueueView, clock: Clock): ListenerInfo {
  const { listenerId, principal, sessionId, topics, topicCount, group, peer } = view;
  return {
    ...{ listenerId, principal, sessionId, topics, topicCount, group, peer },
    queuedBytes: BigInt(queue.queuedBytes),
    bufferBytes: BigInt(view.bufferBytes),
    deliveredCount: BigInt(queue.deliveredCount),
    droppedCount: BigInt(queue.droppedCount),
    connectTime: timestamp(clock.timeOfDay(view.openedAt)),
  };
}

/** Converts a request. The timeline is empty in lists. */
export function requestInfo(
  view: RequestView,
  timeline: readonly TimelineEvent[],
  clock: Clock,
): RequestInfo {
  const { requestId, topic, ttlMs, isPending } = view;
  const soFar = summary(view.summary);
  return {
    requestId,
    topic,
    acceptTime: timestamp(clock.timeOfDay(view.acceptedAt)),
    ttl: duration(ttlMs),
    pending: isPending,
    summary: isPending ? { ...soFar, reason: SummaryReason.UNSPECIFIED } : soFar,
    timeline: timeline.map(({ atMs, kind, producerId, principal, attempt }) => ({
      at: duration(atMs),
      kind: TimelineKind[kind],
      producerId,
      principal,
      attempt,
    })),
  };
}
