/**
 * Encodes the rare events with the generated code.
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

type RareEffect = Exclude<Sendable, { readonly kind: "deliver" | "assign" | "accept" }>;

/** Encodes one event: a GatherEvent, ListenerEvent or DispatcherMessage, depending on the effect. */
export function encodeEvent(effect: RareEffect, context: EncodeContext): Uint8Array {
  switch (effect.kind) {
    case "reject":
    case "summarize":
      return GatherEvent.encode({ event: gatherEvent(effect) }).finish();
    case "ready":
    case "topicsChanged":
    case "gap":
      return ListenerEvent.encode({ event: listenerEvent(effect, context) }).finish();
    default:
      return DispatcherMessage.encode({ message: dispatcherMessage(effect, context) }).finish();
  }
}

function gatherEvent(
  effect: Extract<RareEffect, { readonly kind: "reject" | "summarize" }>,
): NonNullable<GatherEvent["event"]> {
  switch (effect.kind) {
    case "reject": {
      const { correlationId } = effect;
      return { $case: "rejection", value: { correlationId, status: rpcStatus(effect.refusal) } };
    }
    case "summarize":
      return { $case: "summary", value: summary(effect.summary) };
  }
}

function listenerEvent(
  effect: Extract<RareEffect, { readonly kind: "ready" | "topicsChanged" | "gap" }>,
  { serverId, heartbeatMs, maxMessageBytes }: EncodeContext,
): NonNullable<ListenerEvent["event"]> {
  switch (effect.kind) {
    case "ready": {
      const { listenerId, sessionId } = effect;
      const heartbeatInterval = duration(heartbeatMs);
      const cursors = effect.cursors.map(cursor);
      const value = { listenerId, sessionId, serverId, heartbeatInterval, cursors, maxMessageBytes };
      return { $case: "ready", value };
    }
    case "topicsChanged": {
      const { added, removed } = effect;
      return { $case: "topicsChanged", value: { added, removed, cursors: effect.cursors.map(cursor) } };
    }
    case "gap": {
      const { topic, from, last, lostCount } = effect;
      return {
        $case: "gap",
        value: {
          topic,
          reason: GapReason[effect.reason],
          from: BigInt(from),
          to: BigInt(last),
          lostCount: BigInt(lostCount),
        },
      };
    }
  }
}

type DispatcherEffect = Exclude<
  RareEffect,
  { readonly kind: "reject" | "summarize" | "ready" | "topicsChanged" | "gap" }
>;

/** Heartbeat and GoAway have the same field numbers on every stream, so this serves callers and listeners, too. */
function dispatcherMessage(
  effect: DispatcherEffect,
  { serverId, heartbeatMs, maxMessageBytes }: EncodeContext,
): NonNullable<DispatcherMessage["message"]> {
  switch (effect.kind) {
    case "welcome": {
      const { producerId, sessionId, maxOutstanding, maxBacklog } = effect;
      const heartbeatInterval = duration(heartbeatMs);
      const value = { producerId, sessionId, serverId, heartbeatInterval, maxOutstanding, maxBacklog };
      return { $case: "welcome", value: { ...value, maxMessageBytes } };
    }
    case "registered":
      return { $case: "registered", value: { topics: effect.topics, correlationId: effect.correlationId } };
    case "deregistered":
      return { $case: "deregistered", value: { topics: effect.topics, correlationId: effect.correlationId } };
    case "revoke": {
      const assignmentIds = effect.assignments.map(String);
      return { $case: "revocation", value: { assignmentIds, reason: RevocationReason[effect.reason] } };
    }
    case "dispose": {
      const state = DispositionState[effect.state];
      return { $case: "disposition", value: { assignmentId: effect.assignmentText, state } };
    }
    case "fault": {
      const { correlationId } = effect;
      return { $case: "fault", value: { correlationId, status: rpcStatus(effect.refusal) } };
    }
    case "drained":
      return { $case: "drained", value: {} };
    case "heartbeat": {
      const cursors = effect.cursors.map(cursor);
      return { $case: "heartbeat", value: { interval: duration(heartbeatMs), cursors } };
    }
    case "goAway": {
      const grace = duration(effect.graceMs);
      return { $case: "goAway", value: { reason: GoAwayReason[effect.reason], grace } };
    }
  }
}

/** Converts an acceptance to its message. */
export function acceptance(
  accepted: CoreAcceptance,
  correlationId: Accept["correlationId"],
  clock: Clock,
): Acceptance {
  const { requestId, targets, listenerCount, ttlMs, deadlineAt } = accepted;
  const expireTime = timestamp(clock.timeOfDay(deadlineAt));
  return { requestId, correlationId, targets, listenerCount, ttl: duration(ttlMs), expireTime };
}

/** Converts a summary to its message. */
export function summary(from: Summarize["summary"] | CoreSummary): Summary {
  const {
    requestId,
    requester,
    topic,
    satisfied,
    targetedCount,
    answeredCount,
    failedCount,
    outcomes = [],
  } = from;
  return {
    requestId,
    requester,
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
      principal: outcome.principal,
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
