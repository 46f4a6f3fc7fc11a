/**
 * Sessions of producers: Hello, topics, credit, drain, and their end.
 */
import type { Assignment } from "../state/assignment.js";
import type { PendingRequest } from "../state/pending-request.js";
import { ProducerSession } from "../state/producer-session.js";
import type { State } from "../state/state.js";
import { TopicTree } from "../tables/topic-tree.js";
import type {
  CreditUpdated,
  MessageMisunderstood,
  ProducerOpened,
  TopicsDeregistered,
  TopicsRegistered,
} from "../vocabulary/input.js";
import { type Limits, MAX_LABELS } from "../vocabulary/limits.js";
import type { Registration } from "../vocabulary/model.js";
import { connectionAge, invalid, type Refusal, refusal } from "../vocabulary/reason.js";
import { assignFromBacklog } from "./credit.js";
import { endIfOver } from "./ending.js";
import { fault } from "./faults.js";
import {
  idRule,
  lengthRule,
  patternRule,
  patternsRule,
  rangeRule,
  sizeRule,
  type Verdict,
} from "./field-rules.js";
import { factTopics, observe } from "./observe.js";
import { choose, failOver, handOver, scatter } from "./scatter.js";
import { admitSession, closeSession, finishDrain, replaceSession } from "./sessions.js";
import type { StepContext } from "./step-context.js";

const MAX_LABEL_BYTES = 128;
const MAX_NAME_BYTES = 256;
const MAX_CORRELATION_BYTES = 64;

const UNKNOWN_MESSAGE = invalid(
  [{ field: "message", description: "is unset, or unknown to this version" }],
  "messageMisunderstood",
);

/** Opens a producer's session. Replaces an older session of the same id. */
export function openProducer(state: State, input: ProducerOpened, step: StepContext): void {
  const violations = helloRules(input, state.limits).filter((verdict) => verdict !== undefined);
  const producerId = input.producerId || input.mintedId;
  const older = state.producers.get(producerId);
  const refused = violations.length > 0 ? invalid(violations, input.kind) : admitSession(state, older);
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
  const producer = new ProducerSession(producerId, input, maxOutstanding, maxBacklog, step.now);
  state.sessions.set(producer.key, producer);
  state.producers.set(producerId, producer);
  state.wheel.set(producer, step.now + state.limits.heartbeatMs);
  for (const { topic, group } of input.registrations) state.router.registerProducer(producer, topic, group);
  const { sessionId } = producer;
  step.effects.push({ kind: "welcome", to: producer.key, producerId, sessionId, maxOutstanding, maxBacklog });
  const { registrations } = producer;
  const topicsOf = () => factTopics(registrations.keys(), registrations.size);
  observe(state, step, () => ({ kind: "producerChanged", producerId, topics: topicsOf() }));
  scatterHeldRequests(state, [...producer.registrations.keys()], step);
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
  for (const { topic, group } of registrations) state.router.registerProducer(producer, topic, group);
  const topics = registrations.map(({ topic }) => topic);
  step.effects.push({ kind: "registered", to: producer.key, topics, correlationId });
  observeChange(state, producer, topics, step);
  scatterHeldRequests(state, topics, step);
}

/** Removes the registrations of all topics of a message, or none of them. Outstanding assignments may still be answered. */
export function deregisterTopics(
  state: State,
  producer: ProducerSession,
  input: TopicsDeregistered,
  step: StepContext,
): void {
  const { topics, correlationId } = input;
  const violations = [
    sizeRule("correlation_id", correlationId, MAX_CORRELATION_BYTES),
    patternsRule("topics", topics),
  ].filter((verdict) => verdict !== undefined);
  if (violations.length > 0) {
    const refused = invalid(violations, input.kind);
    fault(producer, correlationId, refused, step);
    return;
  }
  for (const topic of topics) state.router.deregisterProducer(producer, topic, step.now);
  step.effects.push({ kind: "deregistered", to: producer.key, topics, correlationId });
  observeChange(state, producer, topics, step);
}

function observeChange(
  state: State,
  { producerId }: ProducerSession,
  changed: readonly string[],
  step: StepContext,
): void {
  const topicsOf = () => factTopics(changed, changed.length);
  observe(state, step, () => ({ kind: "producerChanged", producerId, topics: topicsOf() }));
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
  producer.maxOutstanding = input.maxOutstanding;
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
  leaveTopics(state, producer, step);
  failOverAll(state, [...producer.backlog], step);
  finishDrain(producer, step);
}

/**
 * Lets a producer finish its work because its connection reached its maximum age. It gets no new requests. Waiting
 * assignments go to other group members; those without one still get their turn here, and then the stream ends.
 */
export function ageProducer(state: State, producer: ProducerSession, step: StepContext): void {
  producer.isDraining = true;
  producer.isAging = true;
  leaveTopics(state, producer, step);
  for (const assignment of [...producer.backlog]) handOver(state, assignment, step);
  finishDrain(producer, step);
}

/** Ends a producer's session. Its open assignments fail over to another group member, or are settled as DEPARTED. */
export function departProducer(state: State, producer: ProducerSession, step: StepContext): void {
  closeSession(state, producer);
  if (state.producers.get(producer.producerId) === producer) state.producers.delete(producer.producerId);
  const { producerId, registrations } = producer;
  const topicsOf = () => factTopics(registrations.keys(), registrations.size);
  observe(state, step, () => ({ kind: "producerLeft", producerId, topics: topicsOf() }));
  leaveTopics(state, producer, step);
  const open = producer.assignments.values().filter((assignment) => assignment.isOpen);
  failOverAll(state, [...open, ...producer.backlog], step);
  producer.assignments.clear();
}

function leaveTopics(state: State, producer: ProducerSession, step: StepContext): void {
  for (const topic of [...producer.registrations.keys()])
    state.router.deregisterProducer(producer, topic, step.now);
}

function failOverAll(state: State, assignments: readonly Assignment[], step: StepContext): void {
  const touched = new Set<PendingRequest>();
  for (const assignment of assignments) {
    failOver(state, assignment, step);
    touched.add(assignment.request);
  }
  for (const request of touched) endIfOver(state, request, step);
}

/** Scatters held requests to the producers that can be asked now. */
function scatterHeldRequests(state: State, patterns: readonly string[], step: StepContext): void {
  if (state.held.isEmpty) return;
  const joined = new TopicTree<true, true>();
  for (const pattern of patterns) joined.add(pattern, true, true);
  for (const [topic, requests] of state.held.all()) {
    if (joined.match(topic.name).size === 0) continue;
    const routes = state.router.routes(topic.name);
    for (const request of requests) {
      const choices = choose(routes, request.selector, request.serial);
      if (choices.length === 0) continue;
      state.held.release(topic, request);
      scatter(state, request, choices, step);
      endIfOver(state, request, step);
    }
  }
}

function registerRefusal(
  state: State,
  producer: ProducerSession,
  input: TopicsRegistered,
): Refusal | undefined {
  const verdicts = [
    sizeRule("correlation_id", input.correlationId, MAX_CORRELATION_BYTES),
    ...registrationRules(input.registrations),
  ].filter((verdict) => verdict !== undefined);
  if (verdicts.length > 0) return invalid(verdicts, input.kind);
  if (producer.isAging) return connectionAge();
  if (producer.isDraining) {
    return refusal(
      "PROTOCOL_VIOLATION",
      "Register arrived after Drain; open a new stream to receive assignments again",
    );
  }
  const limit = state.limits.maxRegistrationsPerSession;
  const added = new Set(input.registrations.map(({ topic }) => topic));
  for (const topic of producer.registrations.keys()) added.delete(topic);
  if (producer.registrations.size + added.size <= limit) return undefined;
  const message = `the producer holds ${producer.registrations.size} of at most ${limit} registrations; use wildcards or raise maxRegistrationsPerSession`;
  return refusal("REGISTRATION_LIMIT", message, { limit: String(limit) });
}

function helloRules(input: ProducerOpened, limits: Limits): readonly Verdict[] {
  const max = limits.maxRegistrationsPerSession;
  return [
    idRule("producer_id", input.producerId),
    sizeRule("display_name", input.displayName, MAX_NAME_BYTES),
    lengthRule("labels", input.labels.length, MAX_LABELS, "entries"),
    ...input.labels.flatMap(([key, value]) => [
      sizeRule("labels.key", key, MAX_LABEL_BYTES),
      sizeRule("labels.value", value, MAX_LABEL_BYTES),
    ]),
    lengthRule("registrations", input.registrations.length, max, "entries"),
    ...registrationRules(input.registrations),
    rangeRule("max_outstanding", input.maxOutstanding, 1, limits.maxOutstanding),
    rangeRule("max_backlog", input.maxBacklog, 1, limits.maxBacklog),
  ];
}

function registrationRules(registrations: readonly Registration[]): readonly Verdict[] {
  return registrations.flatMap(({ topic, group }, i) => [
    patternRule(`registrations[${i}].topic`, topic),
    idRule(`registrations[${i}].group`, group),
  ]);
}
