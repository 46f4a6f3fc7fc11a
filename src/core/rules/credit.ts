/**
 * Flow control towards producers. An assignment is sent while its producer has credit and its window has room for the
 * bytes. Otherwise it waits in the producer's backlog while that has room, and else is settled as SATURATED.
 *
 * Assignments never overtake each other: once one does not fit, the window counts as full until bytes are reported as
 * written. One may always be sent if nothing is unreported, so that none is too large.
 */
import type { Assignment } from "../state/assignment.js";
import type { ProducerSession } from "../state/producer-session.js";
import type { State } from "../state/state.js";
import { UNITS_PER_ASSIGNMENT, type Work } from "../state/unfinished-work.js";
import type { AssignmentsWritten } from "../vocabulary/input.js";
import type { AssignmentState, OutcomeState } from "../vocabulary/model.js";
import type { StepContext } from "./step-context.js";

/** Sends an assignment to its producer, enqueues it in the backlog, or settles it as SATURATED. */
export function offer(state: State, assignment: Assignment, step: StepContext): void {
  const { producer } = assignment;
  if (hasCreditFor(state, assignment)) {
    assign(state, assignment, step);
  } else if (producer.hasRoom) {
    producer.backlog.push(assignment);
    assignment.request.note(step.now, "QUEUED", assignment);
  } else {
    settle(state, assignment, "SATURATED", step);
  }
}

/**
 * Sends a producer the assignments of its backlog, as far as its credit allows.
 *
 * @param max - maximum number that is sent.
 * @returns how many are sent.
 */
export function assignFromBacklog(
  state: State,
  producer: ProducerSession,
  step: StepContext,
  max = Number.POSITIVE_INFINITY,
): number {
  let sentCount = 0;
  for (let next = producer.backlog.first; next && sentCount < max && producer.hasCredit; ) {
    const following: Assignment | undefined = next.backlogNext;
    // An assignment whose TTL has passed stays here: its request ends soon, and settles it as SATURATED. One that is
    // settled stays until it leaves its producer.
    if (next.isOpen && next.request.deadlineAt >= step.now && hasCreditFor(state, next)) {
      producer.backlog.remove(next);
      assign(state, next, step);
      sentCount++;
    }
    next = following;
  }
  return sentCount;
}

/** Frees the window of a producer whose connection took assignments, and sends what waited for that. */
export function noteWritten(
  state: State,
  producer: ProducerSession,
  { bytes }: AssignmentsWritten,
  step: StepContext,
): void {
  producer.unwrittenBytes -= bytes;
  if (!producer.isWindowFull || producer.isFilling) return;
  if (state.work.areMany(producer.backlog.size)) {
    producer.isFilling = true;
    state.work.begin(producer.key, step, (step) => fillWindow(state, producer, step));
    return;
  }
  producer.isWindowFull = false;
  assignFromBacklog(state, producer, step);
}

/** Sends what waits in slices. The window counts as full between them, so that nothing newer comes first. */
function* fillWindow(state: State, producer: ProducerSession, step: StepContext): Work {
  const max = state.work.assignmentsPerSlice;
  for (;;) {
    producer.isWindowFull = false;
    const sentCount = assignFromBacklog(state, producer, step, max);
    if (sentCount < max) break;
    producer.isWindowFull = true;
    yield UNITS_PER_ASSIGNMENT * sentCount;
  }
  producer.isFilling = false;
}

/** Settles an open assignment and removes it from its producer. Call {@link assignFromBacklog} next. */
export function settle(state: State, assignment: Assignment, outcome: OutcomeState, step: StepContext): void {
  leaveProducer(state, assignment, assignment.state, outcome);
  decide(assignment, outcome, step);
}

/** Settles an open assignment, which stays with its producer. {@link leaveProducer} must follow, maybe in a later step. */
export function decide(assignment: Assignment, outcome: OutcomeState, step: StepContext): void {
  const { request } = assignment;
  assignment.state = outcome;
  assignment.settledAt = step.now;
  request.settledCount++;
  if (outcome === "ANSWERED") request.answeredCount++;
  else if (outcome === "FAILED") request.failedCount++;
}

/**
 * Removes an assignment from its producer. Call {@link assignFromBacklog} next.
 *
 * @param before - its state before it was settled.
 * @param outcome - as which it was settled.
 */
export function leaveProducer(
  state: State,
  assignment: Assignment,
  before: AssignmentState,
  outcome: OutcomeState,
): void {
  const { producer } = assignment;
  if (before === "OUT") {
    producer.outstandingCount--;
    const isAnswered = outcome === "ANSWERED" || outcome === "FAILED";
    producer.rememberSettled(assignment, isAnswered, state.limits.rememberedAssignments);
  } else if (producer.backlog.has(assignment)) {
    producer.backlog.remove(assignment);
  }
  if (outcome === "ANSWERED") producer.answeredCount++;
  else if (outcome === "FAILED") producer.failedCount++;
  else if (outcome === "MISSED") producer.missedCount++;
}

/** Whether an assignment can be sent now. If it only does not fit into the window, the window is full from now on. */
function hasCreditFor(state: State, { producer, request }: Assignment): boolean {
  if (!producer.hasCredit) return false;
  const { unwrittenBytes } = producer;
  const isTooMuch = unwrittenBytes + request.assignmentCost > state.limits.producerBufferBytes;
  producer.isWindowFull = isTooMuch && unwrittenBytes > 0;
  return !producer.isWindowFull;
}

function assign(state: State, assignment: Assignment, step: StepContext): void {
  const { producer, request } = assignment;
  assignment.state = "OUT";
  assignment.assignedAt = step.now;
  producer.outstandingCount++;
  producer.unwrittenBytes += request.assignmentCost;
  producer.assignments.set(assignment.id, assignment);
  state.totals.assignments++;
  step.effects.push({
    kind: "assign",
    to: producer.key,
    assignment: assignment.id,
    requestId: request.requestId,
    requester: request.requester,
    deadlineAt: request.deadlineAt,
    attempt: assignment.attempt,
    context: request.context,
    payload: request.payload,
    cost: request.assignmentCost,
  });
}
