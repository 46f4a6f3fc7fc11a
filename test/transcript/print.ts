/**
 * Prints effects as lines: the receivers, then the effect. Names stand for session keys, request ids for assignments.
 */
import type { Effect } from "../../src/core/vocabulary/effect.js";
import type { Fact } from "../../src/core/vocabulary/fact.js";
import type {
  Cursor,
  Failure,
  Instant,
  Outcome,
  Payload,
  SessionKey,
  Summary,
  Target,
} from "../../src/core/vocabulary/model.js";
import type { Refusal } from "../../src/core/vocabulary/reason.js";
import type { Inspector } from "../../src/core/vocabulary/views.js";

/** The names that a transcript uses. */
export interface Names {
  session(key: SessionKey): string;
  assignment(id: number): string;
}

/** Prints one effect as one line. */
export function printEffect(effect: Effect, names: Names, now: Instant): string {
  return `${receiversOf(effect, names)} <- ${describe(effect, names, now)}`;
}

function receiversOf(effect: Effect, names: Names): string {
  if (effect.kind === "observe") return "watchers";
  const isForMany = effect.kind === "deliver" || effect.kind === "summarize";
  const to = isForMany ? [...effect.audience, ...effect.callers] : [effect.to];
  return to.map((key) => names.session(key)).join(",") || "nobody";
}

function describe(effect: Effect, names: Names, now: Instant): string {
  switch (effect.kind) {
    case "welcome":
      return `welcome ${effect.producerId} outstanding=${effect.maxOutstanding} backlog=${effect.maxBacklog}`;
    case "registered":
    case "deregistered":
      return words(effect.kind, list(effect.topics), named("correlation", effect.correlationId));
    case "assign":
      return words(
        `assign ${effect.requestId} ttl=${effect.deadlineAt - now}`,
        effect.attempt > 1 && `attempt=${effect.attempt}`,
        quoted(effect.payload),
      );
    case "revoke":
      return `revoke ${list(effect.assignments.map((id) => names.assignment(id)))} ${effect.reason}`;
    case "dispose":
      return `disposition ${effect.assignmentText} ${effect.state}`;
    case "fault":
      return words("fault", refused(effect.refusal), named("correlation", effect.correlationId));
    case "drained":
      return "drained";
    case "ready":
      return words(
        `ready ${effect.listenerId} buffer=${effect.bufferBytes} overflow=${effect.overflowAction}`,
        ...effect.cursors.map(cursor),
      );
    case "topicsChanged":
      return words(
        "topics changed",
        ...effect.added.map((topic) => `+${topic}`),
        ...effect.removed.map((topic) => `-${topic}`),
        ...effect.cursors.map(cursor),
      );
    case "gap":
      return `gap ${effect.topic} ${effect.reason} ${effect.from}..${effect.last} lost=${effect.lostCount}`;
    case "replay":
      return `replay ${effect.topic}:${effect.epoch} ${effect.from}..${effect.last}`;
    case "deliver":
      return words(
        `delivery ${effect.requestId} ${effect.topic} from ${target(effect)}`,
        effect.late ? "late" : `ordinal=${effect.ordinal} sequence=${effect.sequence}`,
        `latency=${effect.latencyMs}`,
        effect.more && "more",
        quoted(effect.payload),
      );
    case "summarize":
      return `summary ${summary(effect.summary)}`;
    case "accept": {
      const { requestId, targets, listenerCount, ttlMs, deadlineAt } = effect.acceptance;
      return words(
        `accepted ${requestId} targets=${list(targets.map(target))} listeners=${listenerCount} ttl=${ttlMs}`,
        deadlineAt - ttlMs !== now && `since=${deadlineAt - ttlMs}`,
        effect.correlationId !== requestId && named("correlation", effect.correlationId),
      );
    }
    case "reject":
      return words("rejected", refused(effect.refusal), named("correlation", effect.correlationId));
    case "cancelled":
      return `cancelled ${summary(effect.summary)}`;
    case "continue":
      return "continue";
    case "updated":
      return `updated ${list(effect.topics)}`;
    case "heartbeat":
      return words("heartbeat", ...effect.cursors.map(cursor));
    case "goAway":
      return words(`goaway grace=${effect.graceMs}`, effect.reason !== "SHUTDOWN" && effect.reason);
    case "close":
      return `close ${effect.refusal ? refused(effect.refusal) : "OK"}`;
    case "observe":
      return `${effect.fact.kind} ${subject(effect.fact)}`;
  }
}

/** Prints the state of a request, then each entry of its timeline, one line each. */
export function printLookup(found: NonNullable<ReturnType<Inspector["request"]>>): string[] {
  const { request, timeline } = found;
  const { reason, outcomes = [] } = request.summary;
  return [
    words(request.requestId, request.isPending ? "pending" : reason, ...outcomes.map(outcome)),
    ...timeline.map(({ atMs, kind, producerId, attempt }) =>
      words(`${atMs} ${kind}`, producerId !== "" && `${producerId} attempt=${attempt}`),
    ),
  ];
}

function subject(fact: Fact): string {
  switch (fact.kind) {
    case "producerChanged":
    case "producerLeft":
    case "listenerChanged":
    case "listenerLeft":
      return fact.identity;
    case "requestAccepted":
      return fact.acceptance.requestId;
    case "requestEnded":
      return `${fact.summary.requestId} ${fact.summary.reason}`;
  }
}

function summary(of: Summary): string {
  return words(
    `${of.requestId} ${of.reason} ${of.satisfied ? "satisfied" : "unsatisfied"}`,
    `answered=${of.answeredCount} failed=${of.failedCount} targets=${of.targetedCount} elapsed=${of.elapsedMs}`,
    ...(of.outcomes ?? []).map(outcome),
  );
}

function outcome({ state, resultCount, latencyMs, failure, ...who }: Outcome): string {
  const results = resultCount > 0 ? `(${resultCount}@${latencyMs})` : "";
  return `${target(who)}=${state}${results}${failure ? failed(failure) : ""}`;
}

function failed({ code, message }: Failure): string {
  return `[${code}:${message}]`;
}

/** The message of a refusal is for people and may change. Its reason and its fields are part of the contract. */
function refused({ reason, violations, retryAfterMs }: Refusal): string {
  return words(
    reason,
    ...violations.map(({ field }) => field),
    retryAfterMs !== undefined && `retry=${retryAfterMs}`,
  );
}

function target({ producerId, group }: Target): string {
  return group === "" ? producerId : `${producerId}/${group}`;
}

function cursor({ topic, epoch, sequence }: Cursor): string {
  return `${topic}:${epoch}:${sequence}`;
}

function quoted(payload: Payload): string | false {
  return payload.byteLength > 0 && `"${new TextDecoder().decode(payload)}"`;
}

function named(name: string, value: string): string | false {
  return value !== "" && `${name}=${value}`;
}

function list(items: readonly string[]): string {
  return items.join(",") || "none";
}

function words(...parts: readonly (string | false)[]): string {
  return parts.filter((part) => part !== false).join(" ");
}
