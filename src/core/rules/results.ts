/**
 * Processing of replies: results are delivered in arrival order; other replies are classified as late, duplicate,
 * cancelled or unknown.
 */
import type { Assignment } from "../state/assignment.js";
import type { Audience } from "../state/audiences.js";
import { failureBytes } from "../state/costs.js";
import type { PendingRequest } from "../state/pending-request.js";
import type { ProducerSession } from "../state/producer-session.js";
import type { State } from "../state/state.js";
import { NO_ROUTES, type Routes, type TopicState } from "../state/topic-state.js";
import type { Deliver } from "../vocabulary/effect.js";
import { groupName } from "../vocabulary/identity.js";
import type { ResultReturned } from "../vocabulary/input.js";
import {
  type DispositionState,
  type Instant,
  MIN_LARGE_BYTES,
  MIN_SHARED_BYTES,
  NO_SESSIONS,
} from "../vocabulary/model.js";
import { ownBytes } from "../vocabulary/own-bytes.js";
import { excerpt, quote, refusal } from "../vocabulary/reason.js";
import { assignFromBacklog, settle } from "./credit.js";
import { endIfOver, expireIfDue } from "./ending.js";
import { fault, faultUnknownReply } from "./faults.js";
import { dueAt } from "./gather.js";
import { finishDrain } from "./sessions.js";
import type { StepContext } from "./step-context.js";

/** Processes a producer's reply. */
export function takeResult(
  state: State,
  producer: ProducerSession,
  input: ResultReturned,
  step: StepContext,
): void {
  const assignment = producer.assignments.get(input.assignment);
  // So many deadlines may be due that they are not all settled yet.
  if (state.isSettling && assignment) expireIfDue(state, assignment.request, step);
  const disposition = assignment ? dispositionOf(assignment) : dispositionOfUnknown(producer, input);
  if (producer.reportsDispositions) {
    const { assignmentText = String(input.assignment) } = input;
    step.effects.push({ kind: "dispose", to: producer.key, assignmentText, state: disposition });
  }
  countDisposition(state, disposition);
  if (input.fault) {
    fault(producer, "", input.fault, step);
  } else if (disposition === "UNKNOWN") faultUnknownAssignment(producer, input, step);
  if (!assignment) return;
  if (disposition === "ACCEPTED") deliverInTime(state, assignment, owned(input, assignment), step);
  else if (disposition === "LATE" || disposition === "CANCELLED")
    deliverLate(state, assignment, owned(input, assignment), step);
}

/** Copies a payload that messages will refer to, if it would keep the whole message of its producer in memory. */
function owned(input: ResultReturned, { request }: Assignment): ResultReturned {
  const minBytes = request.hasCallers ? MIN_SHARED_BYTES : MIN_LARGE_BYTES;
  if (input.payload.length < minBytes) return input;
  const payload = ownBytes(input.payload);
  return payload === input.payload ? input : { ...input, payload };
}

function faultUnknownAssignment(producer: ProducerSession, input: ResultReturned, step: StepContext): void {
  const { assignmentText = String(input.assignment) } = input;
  const message = `assignment ${quote(assignmentText)} is not one of this session; use the assignment_id of an Assignment of the same stream`;
  const metadata = { assignment_id: excerpt(assignmentText) };
  const refused = refusal("ASSIGNMENT_NOT_FOUND", message, metadata);
  faultUnknownReply(producer, refused, step);
}

function dispositionOfUnknown(producer: ProducerSession, { assignment }: ResultReturned): DispositionState {
  return producer.hasAnswered(assignment) ? "DUPLICATE" : "UNKNOWN";
}

function dispositionOf(assignment: Assignment): DispositionState {
  if (assignment.isAnsweredLate) return "DUPLICATE";
  switch (assignment.state) {
    case "OUT":
      return "ACCEPTED";
    case "MISSED":
      return "LATE";
    case "CANCELLED":
      return "CANCELLED";
    case "ANSWERED":
    case "FAILED":
    case "LATE":
      return "DUPLICATE";
    case "WAITING":
    case "DEPARTED":
    case "SATURATED":
      return "UNKNOWN";
  }
}

function deliverInTime(state: State, assignment: Assignment, input: ResultReturned, step: StepContext): void {
  const { request, producer } = assignment;
  request.resultCount++;
  if (input.failure) request.errorCount++;
  assignment.resultCount++;
  assignment.lastResultAt = step.now;
  publish(state, assignment, input, step);
  if (input.more) {
    request.note(step.now, "PARTIAL", assignment);
  } else {
    assignment.failure = input.failure;
    if (input.failure) request.charge(failureBytes(input.failure));
    producer.noteLatency(step.now - assignment.assignedAt);
    settle(state, assignment, input.failure ? "FAILED" : "ANSWERED", step);
    assignFromBacklog(state, producer, step);
    finishDrain(producer, step);
  }
  endIfOver(state, request, step);
  restartStallTimeout(state, request, step);
}

/** Assigns a result its position in the topic, and delivers it to listeners and callers. */
function publish(state: State, assignment: Assignment, input: ResultReturned, step: StepContext): void {
  const { request } = assignment;
  const topic = request.excludeListeners ? undefined : state.topics.find(request.topic);
  const routes = topic ? state.router.routes(topic.name) : NO_ROUTES;
  const sequence = topic ? nextSequence(topic) : 0;
  const { callers } = request;
  if (topic && sequence === 1) announce(state, topic, routes, step);
  const delivery = deliveryOf(assignment, input, routes.audience, step.now, sequence);
  step.effects.push(delivery);
  state.totals.deliveries += routes.audience.members.length + callers.length;
  if (topic) state.log.append(topic.log, delivery);
  if (routes.listenerGroups.length === 0) return;
  for (const { ownAudience } of state.router.groupMembers(routes, request)) {
    state.totals.deliveries++;
    step.effects.push({
      ...delivery,
      lane: ownAudience.lane,
      audience: ownAudience.members,
      callers: NO_SESSIONS,
    });
  }
}

function nextSequence(topic: TopicState): number {
  topic.isAnnounced = true;
  return ++topic.sequence;
}

/** Announces a topic's epoch, before its first delivery, to listeners that cover the topic by a wildcard. */
function announce(state: State, { name, epoch }: TopicState, routes: Routes, step: StepContext): void {
  const { wildcardListeners } = routes;
  if (wildcardListeners.length > 0) state.router.openLane(routes.audience);
  const cursors = [{ topic: name, epoch, sequence: 0 }];
  for (const { key } of wildcardListeners) {
    step.effects.push({ kind: "topicsChanged", to: key, added: [], removed: [], cursors });
  }
}

function deliverLate(state: State, assignment: Assignment, input: ResultReturned, step: StepContext): void {
  const { request } = assignment;
  request.note(step.now, "LATE", assignment);
  if (!input.more) {
    assignment.isAnsweredLate = true;
    if (assignment.state === "MISSED") assignment.state = "LATE";
  }
  if (request.excludeListeners) return;
  const routes = state.router.routes(request.topic);
  const members = state.router.groupMembers(routes, request).filter((member) => member.includeLate);
  for (const audience of [routes.lateAudience, ...members.map((member) => member.ownAudience)]) {
    if (audience.members.length === 0) continue;
    state.totals.deliveries += audience.members.length;
    step.effects.push(deliveryOf(assignment, input, audience, step.now, undefined));
  }
}

/** @param sequence - position in the topic; 0 if only callers receive the result; undefined if the result is late. */
function deliveryOf(
  assignment: Assignment,
  input: ResultReturned,
  { lane, members }: Audience,
  now: Instant,
  sequence: number | undefined,
): Deliver {
  const { request, producer, group } = assignment;
  const late = sequence === undefined;
  return {
    kind: "deliver",
    lane,
    audience: members,
    callers: late ? NO_SESSIONS : request.callers,
    requestId: request.requestId,
    requester: request.requester,
    topic: request.topic,
    producerId: producer.producerId,
    principal: producer.principal,
    group: group === "" ? "" : groupName(group),
    ordinal: late ? 0 : request.resultCount,
    more: input.more,
    sequence: late ? 0 : sequence,
    latencyMs: now - request.acceptedAt,
    receivedAt: now,
    late,
    context: request.context,
    payload: input.payload,
  };
}

function restartStallTimeout(state: State, request: PendingRequest, step: StepContext): void {
  if (request.phase !== "GATHERING" || request.completion.stallTimeoutMs === undefined) return;
  state.wheel.set(request, dueAt(request, step.now));
}

function countDisposition(state: State, disposition: DispositionState): void {
  switch (disposition) {
    case "ACCEPTED":
      state.totals.results++;
      break;
    case "LATE":
      state.totals.lateResults++;
      break;
    case "DUPLICATE":
      state.totals.duplicateResults++;
      break;
    case "CANCELLED":
      state.totals.cancelledResults++;
      break;
    case "UNKNOWN":
      state.totals.unknownResults++;
      break;
  }
}
