/**
 * The end of a request, which happens exactly once: its summary, the revocation of its outstanding assignments, and
 * the use of the credit that they release.
 */
import type { Assignment } from "../state/assignment.js";
import { type Audience, NO_AUDIENCE } from "../state/audiences.js";
import type { PendingRequest } from "../state/pending-request.js";
import type { ProducerSession } from "../state/producer-session.js";
import type { State } from "../state/state.js";
import { ENDINGS, UNITS_PER_ASSIGNMENT, type Work } from "../state/unfinished-work.js";
import { isEarly, outcomesOf, stateAtEnd, summarize, withCutFailures } from "../views/summary.js";
import {
  type EndReason,
  NO_LANE,
  NO_SESSIONS,
  type RevocationReason,
  type SessionKey,
  type Summary,
} from "../vocabulary/model.js";
import { assignFromBacklog, decide, leaveProducer, settle } from "./credit.js";
import { dueAt, endReason } from "./gather.js";
import { observe } from "./observe.js";
import { finishCaller, finishDrain } from "./sessions.js";
import type { StepContext } from "./step-context.js";

/** What is left of an end. */
type Rest = (step: StepContext) => Work;

const NO_AUDIENCES: readonly Audience[] = [];

/** Ends a request if its completion policy is met, or if no more results can arrive. */
export function endIfOver(state: State, request: PendingRequest, step: StepContext): void {
  if (request.phase === "ENDED") return;
  if (request.phase === "RUNNING_ON") {
    if (request.settledCount === request.assignments.length) end(state, request, "ALL_ANSWERED", step);
    return;
  }
  const reason = endReason(request);
  if (reason) end(state, request, reason, step);
}

/** Ends a request whose TTL or stall timeout has passed. */
export function expire(state: State, request: PendingRequest, step: StepContext): void {
  if (request.at < request.deadlineAt) end(state, request, "STALLED", step);
  else end(state, request, request.isHeld ? "NO_PRODUCERS" : "EXPIRED", step);
}

/** Ends a request whose TTL or stall timeout has passed, if it has. */
export function expireIfDue(state: State, request: PendingRequest, step: StepContext): void {
  if (request.phase !== "ENDED" && request.at < step.now) expire(state, request, step);
}

/** Ends a request now. @param revocation - the reason that producers receive; derived from `reason` if omitted. */
export function end(
  state: State,
  request: PendingRequest,
  reason: EndReason,
  step: StepContext,
  revocation: RevocationReason = revocationFor(reason),
): void {
  const close = conclude(state, request, reason, step, revocation);
  if (close) state.work.begin(ENDINGS, step, close);
}

/** The same as a part of other work, which goes on when the producers have been told. */
export function* endAsPart(
  state: State,
  request: PendingRequest,
  reason: EndReason,
  step: StepContext,
  revocation: RevocationReason = revocationFor(reason),
): Work {
  const units = 1 + request.assignments.length;
  const close = conclude(state, request, reason, step, revocation);
  if (close) yield* close(step);
  else yield units;
}

/** @returns the rest of the end of a request with many open assignments; undefined if nothing is left. */
function conclude(
  state: State,
  request: PendingRequest,
  reason: EndReason,
  step: StepContext,
  revocation: RevocationReason,
): Rest | undefined {
  const hasOpen = request.settledCount < request.assignments.length;
  if (
    request.phase === "GATHERING" &&
    hasOpen &&
    isEarly(reason) &&
    request.completion.loserAction === "LET_RUN"
  ) {
    runOn(state, request, reason, step);
    return undefined;
  }
  const listeners = summaryListeners(state, request);
  const isHeard = request.hasCallers || listeners.length > 0 || state.watcherCount > 0;
  const outcomes = isHeard || request.digest !== "" ? outcomesOf(request, reason) : undefined;
  request.phase = "ENDED";
  request.reason ??= reason;
  request.endedAt = step.now;
  const summary = summarize(request, request.reason, step.now, outcomes);
  state.wheel.clear(request);
  state.requests.delete(request.identity);
  state.pendingBytes -= request.contentBytes;
  request.dropContent();
  request.release();
  const callers = request.takeCallers();
  sendSummary(listeners, callers, summary, step);
  observe(state, step, () => ({ kind: "requestEnded", summary: withCutFailures(summary) }));
  const close = hasOpen ? closeAssignments(state, request, reason, revocation, step) : undefined;
  state.remembered.rememberEnded(request, summary);
  for (const caller of callers) finishCaller(state, caller, request.identity, step);
  const topic = state.topics.find(request.topic);
  if (topic) {
    state.held.release(topic, request);
    topic.pendingCount--;
    state.router.releaseIfUnused(topic, step.now);
  }
  return close;
}

/** The audiences of a request's summary: listeners of its results that include summaries. */
function summaryListeners(state: State, request: PendingRequest): readonly Audience[] {
  if (request.excludeListeners) return NO_AUDIENCES;
  const routes = state.router.routes(request.topic);
  const { summaryAudience, listenerGroups } = routes;
  if (listenerGroups.length === 0)
    return summaryAudience.members.length > 0 ? [summaryAudience] : NO_AUDIENCES;
  const members = state.router.groupMembers(routes, request).filter((member) => member.includeSummaries);
  const audiences = [summaryAudience, ...members.map((member) => member.ownAudience)];
  return audiences.some((audience) => audience.members.length > 0) ? audiences : NO_AUDIENCES;
}

/** Sends a summary to callers and listeners; emitted even without receivers, because tests and traces read it. */
function sendSummary(
  listeners: readonly Audience[],
  callers: readonly SessionKey[],
  summary: Summary,
  step: StepContext,
): void {
  const { lane, members: audience } = listeners[0] ?? NO_AUDIENCE;
  step.effects.push({ kind: "summarize", lane, audience, callers, summary });
  for (let i = 1; i < listeners.length; i++) {
    const { lane, members: audience } = listeners[i] ?? NO_AUDIENCE;
    step.effects.push({ kind: "summarize", lane, audience, callers: NO_SESSIONS, summary });
  }
}

/** Sends the callers their summary, and lets the open assignments run on for the listeners. */
function runOn(state: State, request: PendingRequest, reason: EndReason, step: StepContext): void {
  const summary = summarize(request, reason, step.now, outcomesOf(request, reason));
  request.phase = "RUNNING_ON";
  request.summary = summary;
  request.reason = reason;
  const callers = request.takeCallers();
  if (callers.length > 0) {
    step.effects.push({ kind: "summarize", lane: NO_LANE, audience: NO_SESSIONS, callers, summary });
  }
  for (const caller of callers) finishCaller(state, caller, request.identity, step);
  state.wheel.set(request, dueAt(request, undefined));
}

/** Revokes outstanding assignments, settles all open ones, and uses the released credit for waiting assignments. */
function closeAssignments(
  state: State,
  request: PendingRequest,
  reason: EndReason,
  revocation: RevocationReason,
  step: StepContext,
): Rest | undefined {
  if (state.work.areMany(request.assignments.length - request.settledCount))
    return closeInSlices(state, request, reason, revocation, step);
  const freed: ProducerSession[] = [];
  for (const assignment of request.assignments) {
    if (!assignment.isOpen) continue;
    const { producer } = assignment;
    if (assignment.state === "OUT" || producer.isDraining) freed.push(producer);
    if (assignment.state === "OUT" && !producer.isOver) {
      const assignments = [assignment.id];
      step.effects.push({ kind: "revoke", to: producer.key, assignments, reason: revocation });
    }
    settle(state, assignment, stateAtEnd(assignment, request.completion, reason), step);
  }
  for (const producer of freed) {
    assignFromBacklog(state, producer, step);
    finishDrain(producer, step);
  }
  return undefined;
}

/**
 * The same for a request with many open assignments. All are settled now, and leave their producers one after the other.
 * What waits at a producer gets the credit only then, so that nothing newer comes first.
 */
function closeInSlices(
  state: State,
  request: PendingRequest,
  reason: EndReason,
  revocation: RevocationReason,
  step: StepContext,
): Rest {
  const outcome = stateAtEnd({ state: "OUT" }, request.completion, reason);
  const sent: Assignment[] = [];
  const waiting: Assignment[] = [];
  for (const assignment of request.assignments) {
    if (!assignment.isOpen) continue;
    const isSent = assignment.state === "OUT";
    (isSent ? sent : waiting).push(assignment);
    decide(assignment, isSent ? outcome : "SATURATED", step);
  }
  return function* (step) {
    for (const assignment of sent) {
      const { producer, id } = assignment;
      let newCount = 0;
      // If its session has ended meanwhile, all of it is dropped.
      if (!producer.isOver) {
        step.effects.push({ kind: "revoke", to: producer.key, assignments: [id], reason: revocation });
        leaveProducer(state, assignment, "OUT", outcome);
        newCount = assignFromBacklog(state, producer, step);
        finishDrain(producer, step);
      }
      yield UNITS_PER_ASSIGNMENT * (1 + newCount);
    }
    for (const assignment of waiting) {
      const { producer } = assignment;
      leaveProducer(state, assignment, "WAITING", "SATURATED");
      if (producer.isDraining) finishDrain(producer, step);
      yield 1;
    }
  };
}

function revocationFor(reason: EndReason): RevocationReason {
  switch (reason) {
    case "EXPIRED":
    case "NO_PRODUCERS":
      return "EXPIRED";
    case "CANCELLED":
      return "REQUESTED";
    case "SHUTDOWN":
      return "SHUTDOWN";
    case "ALL_ANSWERED":
    case "POLICY_MET":
    case "STALLED":
      return "COMPLETED";
  }
}
