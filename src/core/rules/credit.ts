/**
 * Who may be given work: an assignment goes out while its producer has credit, waits in the backlog while there is room,
 * and is saturated beyond.
 */
import type { Assignment } from "../state/assignment.js";
import type { ProducerSession } from "../state/producer-session.js";
import type { State } from "../state/state.js";
import type { OutcomeState } from "../vocabulary/model.js";
import type { StepContext } from "./step-context.js";

/** Gives an assignment to its producer now or later, or settles it as saturated. */
export function offer(state: State, assignment: Assignment, step: StepContext): void {
  const { producer } = assignment;
  if (producer.hasCredit) {
    giveOut(state, assignment, step);
  } else if (producer.hasRoom) {
    producer.backlog.push(assignment);
    assignment.request.note(step.now, "QUEUED", assignment);
  } else {
    settle(state, assignment, "SATURATED", step);
  }
}

/** Gives a producer what waits for it, as far as its credit goes. */
export function pump(state: State, producer: ProducerSession, step: StepContext): void {
  for (let next = producer.backlog.first; next && producer.hasCredit; ) {
    const following: Assignment | undefined = next.backlogNext;
    // One whose TTL is over ends later in this very step, and has not had its turn.
    if (next.request.deadlineAt >= step.now) {
      producer.backlog.remove(next);
      giveOut(state, next, step);
    }
    next = following;
  }
}

/** Notes the outcome of an open assignment and takes it off its producer; {@link pump} follows. */
export function settle(state: State, assignment: Assignment, outcome: OutcomeState, step: StepContext): void {
  const { producer, request } = assignment;
  if (assignment.state === "OUT") {
    producer.outstandingCount--;
    const isAnswered = outcome === "ANSWERED" || outcome === "FAILED";
    producer.rememberSettled(assignment, isAnswered, state.limits.rememberedAssignments);
  } else if (producer.backlog.has(assignment)) {
    producer.backlog.remove(assignment);
  }
  assignment.state = outcome;
  assignment.settledAt = step.now;
  request.settledCount++;
  if (outcome === "ANSWERED") {
    request.answeredCount++;
    producer.answeredCount++;
  } else if (outcome === "FAILED") {
    request.failedCount++;
    producer.failedCount++;
  } else if (outcome === "MISSED") {
    producer.missedCount++;
  }
}

function giveOut(state: State, assignment: Assignment, step: StepContext): void {
  const { producer, request } = assignment;
  assignment.state = "OUT";
  assignment.assignedAt = step.now;
  producer.outstandingCount++;
  producer.assignments.set(assignment.id, assignment);
  state.totals.assignments++;
  step.effects.push({
    kind: "assign",
    to: producer.key,
    assignment: assignment.id,
    requestId: request.requestId,
    deadlineAt: request.deadlineAt,
    attempt: assignment.attempt,
    context: request.context,
    payload: request.payload,
  });
}
