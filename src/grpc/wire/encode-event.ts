/**
 * The rarer events, through the generated code.
 */
import {
  type Acceptance,
  type Cursor,
  DispatcherMessage,
  DispositionState,
  GapReason,
  GatherEvent,
  GoAwayReason,
  ListenerEvent,
  OutcomeState,
  RevocationReason,
  type Summary,
  SummaryReason,
} from "ate-dispatcher-client/internal";
import type { Accept, Summarize } from "../../core/vocabulary/effect.js";
import type {
  Acceptance as CoreAcceptance,
  Cursor as CoreCursor,
  Summary as CoreSummary,
} from "../../core/vocabulary/model.js";
import type { Sendable } from "../../ports/batch.js";
import type { Clock } from "../../ports/clock.js";
import type { EncodeContext } from "./encode-context.js";
import { rpcStatus } from "./status.js";
import { duration, timestamp } from "./time.js";

type Rare = Exclude<Sendable, { readonly kind: "deliver" | "assign" | "accept" }>;

/** Encodes one event: a GatherEvent, ListenerEvent or DispatcherMessage, whichever the order is for. */
export function encodeEvent(order: Rare, context: EncodeContext): Uint8Array {
  switch (order.kind) {
    case "reject":
    case "summarize":
      return GatherEvent.encode({ event: gatherEvent(order) }).finish();
    case "ready":
    case "topicsChanged":
    case "gap":
      return ListenerEvent.encode({ event: listenerEvent(order, context) }).finish();
    default:
      return DispatcherMessage.encode({ message: dispatcherMessage(order, context) }).finish();
  }
}

function gatherEvent(
  order: Extract<Rare, { readonly kind: "reject" | "summarize" }>,
): NonNullable<GatherEvent["event"]> {
  switch (order.kind) {
    case "reject": {
      const { correlationId } = order;
      return { $case: "rejection", value: { correlationId, status: rpcStatus(order.refusal) } };
    }
    case "summarize":
      return { $case: "summary", value: summary(order.summary) };
  }
}

function listenerEvent(
  order: Extract<Rare, { readonly kind: "ready" | "topicsChanged" | "gap" }>,
  { serverId, heartbeatMs }: EncodeContext,
): NonNullable<ListenerEvent["event"]> {
  switch (order.kind) {
    case "ready": {
      const { listenerId, sessionId } = order;
      const heartbeatInterval = duration(heartbeatMs);
      const cursors = order.cursors.map(cursor);
      return { $case: "ready", value: { listenerId, sessionId, serverId, heartbeatInterval, cursors } };
    }
    case "topicsChanged": {
      const { added, removed } = order;
      return { $case: "topicsChanged", value: { added, removed, cursors: order.cursors.map(cursor) } };
    }
    case "gap": {
      const { topic, from, last, lostCount } = order;
      return {
        $case: "gap",
        value: {
          topic,
          reason: GapReason[order.reason],
          from: BigInt(from),
          to: BigInt(last),
          lostCount: BigInt(lostCount),
        },
      };
    }
  }
}

type ForProducers = Exclude<
  Rare,
  { readonly kind: "reject" | "summarize" | "ready" | "topicsChanged" | "gap" }
>;

/** Heartbeat and GoAway bear the same numbers on every stream. */
function dispatcherMessage(
  order: ForProducers,
  { serverId, heartbeatMs, maxMessageBytes }: EncodeContext,
): NonNullable<DispatcherMessage["message"]> {
  switch (order.kind) {
    case "welcome": {
      const { producerId, sessionId, maxOutstanding, maxBacklog } = order;
      const heartbeatInterval = duration(heartbeatMs);
      const value = { producerId, sessionId, serverId, heartbeatInterval, maxOutstanding, maxBacklog };
      return { $case: "welcome", value: { ...value, maxMessageBytes } };
    }
    case "registered":
      return { $case: "registered", value: { topics: order.topics, correlationId: order.correlationId } };
    case "deregistered":
      return { $case: "deregistered", value: { topics: order.topics, correlationId: order.correlationId } };
    case "revoke": {
      const assignmentIds = order.assignments.map(String);
      return { $case: "revocation", value: { assignmentIds, reason: RevocationReason[order.reason] } };
    }
    case "dispose": {
      const state = DispositionState[order.state];
      return { $case: "disposition", value: { assignmentId: order.assignmentText, state } };
    }
    case "fault": {
      const { correlationId } = order;
      return { $case: "fault", value: { correlationId, status: rpcStatus(order.refusal) } };
    }
    case "drained":
      return { $case: "drained", value: {} };
    case "heartbeat": {
      const cursors = order.cursors.map(cursor);
      return { $case: "heartbeat", value: { interval: duration(heartbeatMs), cursors } };
    }
    case "goAway": {
      const grace = duration(order.graceMs);
      return { $case: "goAway", value: { reason: GoAwayReason.SHUTDOWN, grace } };
    }
  }
}

/** An Acceptance for the wire. */
export function acceptance(
  accepted: CoreAcceptance,
  correlationId: Accept["correlationId"],
  clock: Clock,
): Acceptance {
  const { requestId, targets, listenerCount, ttlMs, deadlineAt } = accepted;
  const expireTime = timestamp(clock.timeOfDay(deadlineAt));
  return { requestId, correlationId, targets, listenerCount, ttl: duration(ttlMs), expireTime };
}

/** A Summary for the wire. */
export function summary(from: Summarize["summary"] | CoreSummary): Summary {
  const { requestId, topic, satisfied, targetedCount, answeredCount, failedCount, outcomes = [] } = from;
  return {
    requestId,
    topic,
    reason: SummaryReason[from.reason],
    satisfied,
    targetedCount,
    answeredCount,
    failedCount,
    missingCount: targetedCount - answeredCount - failedCount,
    elapsed: duration(from.elapsedMs),
    outcomes: outcomes.map((outcome) => ({
      producerId: outcome.producerId,
      group: outcome.group,
      state: OutcomeState[outcome.state],
      latency: outcome.latencyMs === undefined ? undefined : duration(outcome.latencyMs),
      resultCount: outcome.resultCount,
      error: outcome.failure ? { ...outcome.failure, details: [] } : undefined,
    })),
  };
}

function cursor({ topic, epoch, sequence }: CoreCursor): Cursor {
  return { topic, epoch, sequence: BigInt(sequence) };
}
