/**
 * Sessions of producers: Hello, topics, credit, drain, and their end.
 */
import { producerBytes, registrationsBytes } from "../state/costs.js";
import { ProducerSession } from "../state/producer-session.js";
import type { State } from "../state/state.js";
import { UNITS_PER_ASSIGNMENT, unitsOf, type Work } from "../state/unfinished-work.js";
import { identityOf } from "../vocabulary/identity.js";
import type {
  CreditUpdated,
  MessageMisunderstood,
  ProducerOpened,
  TopicsDeregistered,
  TopicsRegistered,
} from "../vocabulary/input.js";
import type { Registration } from "../vocabulary/model.js";
import { invalid } from "../vocabulary/reason.js";
import { assignFromBacklog } from "./credit.js";
import { fault } from "./faults.js";
import { factTopics, observe } from "./observe.js";
import { deregisterRefusal, helloRules, registerRefusal } from "./producer-rules.js";
import { register, reserve, scatterHeldRequests } from "./registering.js";
import { failOver, handOver } from "./scatter.js";
import {
  accountOf,
  admitSession,
  closeSession,
  finishDrain,
  keepSession,
  replaceSession,
} from "./sessions.js";
import type { StepContext } from "./step-context.js";

const UNKNOWN_MESSAGE = invalid(
  [{ field: "message", description: "is unset, or unknown to this version" }],
  "messageMisunderstood",
);

/** Opens a producer's session. Replaces an older session of the same id. */
export function openProducer(state: State, input: ProducerOpened, step: StepContext): void {
  const violations = helloRules(input, state.limits).filter((verdict) => verdict !== undefined);
  const producerId = input.producerId || input.mintedId;
  const older = state.producers.get(identityOf(input.principal ?? "", producerId));
  const account = accountOf(state, input.peer);
  const bytes = producerBytes(input);
  const refused =
    violations.length > 0
      ? invalid(violations, input.kind)
      : admitSession(state, account, bytes + registrationsBytes(input.registrations, input.principal), older);
  if (refused) {
    step.effects.push({ kind: "close", to: input.session, refusal: refused });
    return;
  }
  if (older) {
    replaceSession(older, "producer_id", producerId, step);
    departProducer(state, older, step);
  }
  const maxOutstanding = input.maxOutstanding || state.limits.defaultOutstanding;
  const maxBacklog = input.maxBacklog || state.limits.defaultBacklog;
  const admitted = { account, at: step.now };
  const producer = new ProducerSession(producerId, input, maxOutstanding, maxBacklog, admitted);
  keepSession(state, producer, bytes);
  state.producers.set(producer.identity, producer);
  const { registrations } = input;
  reserve(producer, registrations);
  state.work.begin(producer.key, step, (step) => goLive(state, producer, registrations, step));
}

function* goLive(
  state: State,
  producer: ProducerSession,
  registrations: readonly Registration[],
  step: StepContext,
): Work {
  yield* register(state, producer, registrations);
  const { identity, producerId, sessionId, maxOutstanding, maxBacklog } = producer;
  producer.isWelcome = true;
  state.wheel.set(producer, step.now + state.limits.heartbeatMs);
  step.effects.push({ kind: "welcome", to: producer.key, producerId, sessionId, maxOutstanding, maxBacklog });
  const topicsOf = () => factTopics(producer.registrations.keys(), producer.registrations.size);
  observe(state, step, () => ({ kind: "producerChanged", identity, topics: topicsOf() }));
  yield* scatterHeldRequests(state, [...producer.registrations.keys()], step);
}

/** Registers a producer for all topics of a message, or for none of them. */
export function registerTopics(
  state: State,
  producer: ProducerSession,
  input: TopicsRegistered,
  step: StepContext,
): void {
  const { registrations, correlationId } = input;
  const refused = registerRefusal(state, producer, input);
  if (refused) {
    fault(producer, correlationId, refused, step);
    return;
  }
  reserve(producer, registrations);
  state.work.begin(producer.key, step, function* (step) {
    yield* register(state, producer, registrations);
    const topics = registrations.map(({ topic }) => topic);
    step.effects.push({ kind: "registered", to: producer.key, topics, correlationId });
    observeChange(state, producer, topics, step);
    yield* scatterHeldRequests(state, topics, step);
  });
}

/** Removes the registrations of all topics of a message, or none of them. Outstanding assignments may still be answered. */
export function deregisterTopics(
  state: State,
  producer: ProducerSession,
  input: TopicsDeregistered,
  step: StepContext,
): void {
  const { topics, correlationId } = input;
  const refused = deregisterRefusal(input);
  if (refused) {
    fault(producer, correlationId, refused, step);
    return;
  }
  state.work.begin(producer.key, step, function* (step) {
    for (const topic of topics) {
      state.router.deregisterProducer(producer, topic, step.now);
      yield unitsOf(topic);
    }
    step.effects.push({ kind: "deregistered", to: producer.key, topics, correlationId });
    observeChange(state, producer, topics, step);
  });
}

function observeChange(
  state: State,
  { identity }: ProducerSession,
  changed: readonly string[],
  step: StepContext,
): void {
  const topicsOf = () => factTopics(changed, changed.length);
  observe(state, step, () => ({ kind: "producerChanged", identity, topics: topicsOf() }));
}

/** Changes a producer's credit. Additional credit is used for its backlog at once. */
export function updateCredit(
  state: State,
  producer: ProducerSession,
  input: CreditUpdated,
  step: StepContext,
): void {
  const max = state.limits.maxOutstanding;
  if (input.maxOutstanding < 1 || input.maxOutstanding > max) {
    const violation = {
      field: "max_outstanding",
      description: `is ${input.maxOutstanding}; use 1 to ${max}`,
    };
    const refused = invalid([violation], input.kind);
    fault(producer, "", refused, step);
    return;
  }
  const { maxOutstanding } = input;
  state.work.begin(producer.key, step, (step) => changeCredit(state, producer, maxOutstanding, step));
}

/** Raises the credit bit by bit, so that waiting assignments are sent before new ones in every slice. */
function* changeCredit(
  state: State,
  producer: ProducerSession,
  maxOutstanding: number,
  step: StepContext,
): Work {
  const more = state.work.assignmentsPerSlice;
  let credit = producer.outstandingCount + more;
  for (; credit < maxOutstanding && producer.backlog.size > 0; credit += more) {
    producer.maxOutstanding = credit;
    assignFromBacklog(state, producer, step);
    yield UNITS_PER_ASSIGNMENT * more;
  }
  producer.maxOutstanding = maxOutstanding;
  assignFromBacklog(state, producer, step);
}

/**
 * Tells a producer that its message was refused, or not understood; the producer may use a newer version of the protocol.
 */
export function faultUnknownMessage(
  producer: ProducerSession,
  input: MessageMisunderstood,
  step: StepContext,
): void {
  const { refused = UNKNOWN_MESSAGE, correlationId = "" } = input;
  fault(producer, correlationId, refused, step);
}

/**
 * Drains a producer: it gets no new assignments, and its stream ends once no assignment is outstanding. A producer that
 * finishes its work because of the age of its connection then gets Drained, as it asked.
 */
export function drainProducer(state: State, producer: ProducerSession, step: StepContext): void {
  const hasLeft = producer.isDraining && !(producer.isAging && producer.load > 0);
  if (hasLeft) return;
  producer.isDraining = true;
  producer.isAging = false;
  producer.isClosed = true;
  leaveRoutes(state, producer);
  state.work.begin(producer.key, step, function* (step) {
    yield* leaveTopics(state, producer, step);
    yield* failOverBacklog(state, producer, step);
    finishDrain(producer, step);
  });
}

/**
 * Lets a producer finish its work because its connection reached its maximum age. It gets no new requests. Waiting
 * assignments go to other group members; those without one still get their turn here, and then the stream ends.
 */
export function ageProducer(state: State, producer: ProducerSession, step: StepContext): void {
  producer.isDraining = true;
  producer.isAging = true;
  leaveRoutes(state, producer);
  state.work.begin(producer.key, step, function* (step) {
    yield* leaveTopics(state, producer, step);
    for (const assignment of [...producer.backlog]) {
      // It may have been sent or settled since the slice before.
      if (assignment.isOpen && assignment.producer === producer && producer.backlog.has(assignment)) {
        yield handOver(state, assignment, step);
      }
    }
    finishDrain(producer, step);
  });
}

/**
 * Ends a producer's session. Its open assignments fail over to another group member, or are settled as DEPARTED. The
 * session is gone at once for everybody else, and the rest of its departure is never dropped.
 */
export function departProducer(state: State, producer: ProducerSession, step: StepContext): void {
  closeSession(state, producer);
  producer.isClosed = true;
  producer.isOver = true;
  const { identity, producerId, principal, registrations } = producer;
  if (state.producers.get(identity) === producer) state.producers.delete(identity);
  const topicsOf = () => factTopics(registrations.keys(), registrations.size);
  observe(state, step, () => ({
    kind: "producerLeft",
    ...{ identity, producerId, principal },
    topics: topicsOf(),
  }));
  state.work.drop(producer.key, step);
  leaveRoutes(state, producer);
  state.work.begin(producer.key, step, function* (step) {
    yield* leaveTopics(state, producer, step);
    for (const id of producer.assignments.sortedIds()) {
      const assignment = producer.assignments.get(id);
      if (assignment?.isOpen) yield failOver(state, assignment, step);
    }
    yield* failOverBacklog(state, producer, step);
    producer.dropContent();
    state.remembered.noteDropped(producer);
  });
}

/** Takes a producer off all routes at once, unless {@link leaveTopics} does so within this step. */
function leaveRoutes(state: State, producer: ProducerSession): void {
  const isDelayed = state.work.has(producer.key) || state.work.isLong(producer.registrations.keys());
  if (isDelayed) state.router.hide(producer);
}

/** Removes all registrations of a producer. */
function* leaveTopics(state: State, producer: ProducerSession, step: StepContext): Work {
  for (const topic of producer.registrations.keys()) {
    state.router.deregisterProducer(producer, topic, step.now);
    yield unitsOf(topic);
  }
}

function* failOverBacklog(state: State, producer: ProducerSession, step: StepContext): Work {
  for (let next = producer.backlog.first; next; next = producer.backlog.first) {
    if (next.isOpen) yield failOver(state, next, step);
    else producer.backlog.remove(next);
  }
}
