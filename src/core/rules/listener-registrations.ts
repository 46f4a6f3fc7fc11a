/**
 * Registrations of listeners: they are added without effect, take effect together, and are removed after their end.
 */
import type { ListenerSession } from "../state/listener-session.js";
import type { Lot } from "../state/lot.js";
import type { State } from "../state/state.js";
import { unitsOf, type Work } from "../state/unfinished-work.js";
import { hasWildcard } from "../vocabulary/topic.js";
import type { StepContext } from "./step-context.js";

/**
 * Adds registrations. A topic that a listener names gets state at once, so that its cursor has an epoch from the start.
 *
 * @param keep - receives each name as it is held: the text to keep.
 */
export function* addRegistrations(
  state: State,
  listener: ListenerSession,
  names: readonly string[],
  lot: Lot,
  keep: (name: string) => void,
): Work {
  for (const name of names) {
    keep(state.router.addRegistration(listener, name, lot));
    const topic = hasWildcard(name) ? undefined : state.topics.find(name);
    if (topic) {
      topic.isAnnounced = true;
      state.topics.markUsed(topic);
    }
    yield unitsOf(name);
  }
}

/** Removes registrations that have ended. */
export function* removeRegistrations(
  state: State,
  listener: ListenerSession,
  names: readonly string[],
  step: StepContext,
): Work {
  for (const name of names) {
    state.router.removeRegistration(listener, name, step.now);
    yield unitsOf(name);
  }
}

/** @param changed - topics and patterns whose registrations take effect, or have ended. */
export function takeEffect(
  state: State,
  listener: ListenerSession,
  lot: Lot,
  changed: readonly string[],
): void {
  lot.isEffective = true;
  state.router.changeListener(listener, changed);
}

/** The topics among topics and patterns, none twice. */
export function namesIn(patterns: readonly string[], max: number): Set<string> {
  const names = new Set<string>();
  for (const pattern of patterns) if (names.size < max && !hasWildcard(pattern)) names.add(pattern);
  return names;
}
