/**
 * Who may be given work: an assignment goes out while its producer has credit, waits in the backlog while there is room,
 * and is saturated beyond.
 */
import type { Assignment } from "./assignment.js";
import type { OutcomeState } from "./model.js";
import type { ProducerSession } from "./producer-session.js";
import type { State } from "./state.js";
import type { Turn } from "./turn.js";

/** Gives an assignment to its producer now or later, or settles it as saturated. */
export function offer(state: State, assignment: Assignment, turn: Turn): void {
  const { producer } = assignment;
  if (producer.hasCredit) {
    giveOut(state, assignment, turn);
  } else if (producer.hasRoom) {
    producer.backlog.push(assignment);
    assignment.request.note(turn.now, "QUEUED", assignment);
  } else {
    settle(state, assignment, "SATURATED", turn);
  }
}

/** Gives a producer what waits for it, as far as its credit goes. */
export function pump(state: State, producer: ProducerSession, turn: Turn): void {
  for (let next = producer.backlog.first; next && producer.hasCredit; ) {
    const following: Assignment | undefined = next.backlogNext;
    // One whose TTL is over ends later in this very step, and has not had its turn.
    if (next.request.deadlineAt >= turn.now) {
      producer.backlog.remove(next);
      giveOut(state, next, turn);
    }
    next = following;
  }
}

/** Notes the outcome of an open assignment and takes it off its producer; {@link pump} follows. */
export function settle(state: State, assignment: Assignment, outcome: OutcomeState, turn: Turn): void {
  const { producer, request } = assignment;
  if (assignment.state === "OUT") {
    producer.outstandingCount--;
    const isAnswered = outcome === "ANSWERED" || outcome === "FAILED";
    producer.rememberSettled(assignment, isAnswered, state.limits.rememberedAssignments);
  } else if (producer.backlog.has(assignment)) {
    producer.backlog.remove(assignment);
  }
  assignment.state = outcome;
  assignment.settledAt = turn.now;
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

function giveOut(state: State, assignment: Assignment, turn: Turn): void {
  const { producer, request } = assignment;
  assignment.state = "OUT";
  assignment.assignedAt = turn.now;
  producer.outstandingCount++;
  producer.assignments.set(assignment.id, assignment);
  state.totals.assignments++;
  turn.effects.push({
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
