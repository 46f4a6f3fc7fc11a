/**
 * What follows when a producer registers: its registrations take effect, and held requests are scattered to it.
 */
import { ASSIGNMENT_BYTES, registrationsBytes } from "../state/costs.js";
import { Lot } from "../state/lot.js";
import type { ProducerSession } from "../state/producer-session.js";
import type { State } from "../state/state.js";
import type { TopicState } from "../state/topic-state.js";
import { unitsOf, type Work } from "../state/unfinished-work.js";
import { TopicTree } from "../tables/topic-tree.js";
import { groupOf } from "../vocabulary/identity.js";
import type { Registration } from "../vocabulary/model.js";
import { hasWildcard } from "../vocabulary/topic.js";
import { endIfOver } from "./ending.js";
import { choose, scatter } from "./scatter.js";
import type { StepContext } from "./step-context.js";

/**
 * Adds registrations, which take effect together: no request is assigned for one of them before. The bytes that
 * {@link reserve} charged for them are released when all of them are charged.
 */
export function* register(
  state: State,
  producer: ProducerSession,
  registrations: readonly Registration[],
): Work {
  const isLong = state.work.isLong(registrations.map(({ topic }) => topic));
  const lots = new Map<string, Lot>();
  const lotOf = (group: string): Lot => {
    const lot = lots.get(group) ?? new Lot(group, false);
    lots.set(group, lot);
    return lot;
  };
  for (const { topic, group: name, isGroupShared } of registrations) {
    const group = groupOf(producer.principal, name, isGroupShared);
    state.router.registerProducer(producer, topic, isLong ? lotOf(group) : group);
    yield unitsOf(topic);
  }
  producer.release(registrationsBytes(registrations, producer.principal));
  if (!isLong) return;
  for (const lot of lots.values()) lot.isEffective = true;
  state.router.invalidateAll();
}

/**
 * Charges registrations that a producer may hold, before the first of them is added: while they are added in slices, no
 * more may be promised to its peer than it may hold.
 */
export function reserve(producer: ProducerSession, registrations: readonly Registration[]): void {
  producer.charge(registrationsBytes(registrations, producer.principal));
}

/** Scatters held requests to the producers that can be asked now. */
export function* scatterHeldRequests(state: State, patterns: readonly string[], step: StepContext): Work {
  if (state.held.isEmpty) return;
  const wildcards = new TopicTree<true, true>();
  for (const pattern of patterns) {
    if (hasWildcard(pattern)) wildcards.add(pattern, true, true);
    const topic = state.topics.find(pattern);
    if (topic) yield* scatterHeldOn(state, topic, step);
    yield unitsOf(pattern);
  }
  if (wildcards.size === 0) return;
  for (const topic of state.held.topics()) {
    const before = wildcards.visitedCount;
    if (wildcards.hasWildcardOn(topic.name)) yield* scatterHeldOn(state, topic, step);
    yield 1 + wildcards.visitedCount - before;
  }
}

function* scatterHeldOn(state: State, topic: TopicState, step: StepContext): Work {
  for (const request of state.held.requestsOn(topic)) {
    const choices = choose(state.router.routes(topic.name), request.selector, request.serial);
    if (choices.length > 0) {
      state.held.release(topic, request);
      request.charge(ASSIGNMENT_BYTES * choices.length);
      scatter(state, request, choices, step);
      endIfOver(state, request, step);
    }
    yield 1 + choices.length;
  }
}
