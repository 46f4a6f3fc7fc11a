/**
 * Sessions of listeners: their topics, how they resume, and their end.
 */

import type { ListenerOpening } from "../state/listener-opening.js";
import { ListenerSession } from "../state/listener-session.js";
import type { State } from "../state/state.js";
import type { ListenerOpened, ListenerUpdated, TopicsUpdated } from "../vocabulary/input.js";
import type { Cursor } from "../vocabulary/model.js";
import { invalid, type Refusal, refusal } from "../vocabulary/reason.js";
import { hasWildcard } from "../vocabulary/topic.js";
import { coveredCursors, perEvent } from "./cursors.js";
import { patternsRule, requiredIdRule } from "./field-rules.js";
import {
  addPart,
  beginOpening,
  endOpening,
  listenRules,
  liveRule,
  registrationLimit,
} from "./listener-opening.js";
import { factTopics, observe } from "./observe.js";
import { resume } from "./resume.js";
import { admitSession, closeSession, replaceSession } from "./sessions.js";
import type { StepContext } from "./step-context.js";

/** A change of a listener's topics; removals are applied before additions. */
type TopicChange = Pick<ListenerUpdated, "add" | "remove">;

/** Opens a listener's session, or begins to collect its parts. Replaces an older session of the same id. */
export function openListener(state: State, input: ListenerOpened, step: StepContext): void {
  const listenerId = input.listenerId || input.mintedId;
  const older = state.listeners.get(listenerId) ?? state.openings.get(listenerId);
  const refused = openRefusal(state, input, older);
  if (refused) {
    step.effects.push({ kind: "close", to: input.session, refusal: refused });
    return;
  }
  if (older) {
    replaceSession(older, "listener_id", listenerId, step);
    if (older.kind === "opening") endOpening(state, older);
    else departListener(state, older, step);
  }
  if (input.cursorsFollow) beginOpening(state, listenerId, input, step.now);
  else goLive(state, listenerId, input, step);
}

/** Takes a further part of a session that opens in parts. A part that is invalid ends the stream. */
export function takePart(
  state: State,
  opening: ListenerOpening,
  part: TopicsUpdated,
  step: StepContext,
): void {
  const refused = addPart(opening, part, state.limits);
  if (refused) {
    endOpening(state, opening);
    step.effects.push({ kind: "close", to: opening.key, refusal: refused });
  } else if (!part.cursorsFollow) {
    endOpening(state, opening);
    goLive(state, opening.listenerId, opening.complete(), step);
  }
}

/** Makes a listener's session live, and resumes it from its cursors. */
function goLive(state: State, listenerId: string, input: ListenerOpened, step: StepContext): void {
  const overflowAction = input.overflowAction === "DISCONNECT" ? "DISCONNECT" : "DROP_OLDEST";
  const bufferBytes = input.bufferBytes || state.limits.defaultBufferBytes;
  const listener = new ListenerSession(listenerId, input, overflowAction, bufferBytes, step.now);
  state.sessions.set(listener.key, listener);
  state.listeners.set(listenerId, listener);
  state.wheel.set(listener, step.now + state.limits.heartbeatMs);
  addTopics(state, listener, input.topics);
  const { sessionId } = listener;
  const resumed = resume(state, listener, input.resumeFrom);
  const [cursors, ...more] = perEvent([
    ...resumed.cursors,
    ...otherCursors(state, input.topics, resumed.cursors),
  ]);
  step.effects.push({
    kind: "ready",
    to: listener.key,
    listenerId,
    sessionId,
    cursors,
    bufferBytes,
    overflowAction,
  });
  for (const cursors of more) tellTopics(listener, [], [], cursors, step);
  for (const effect of resumed.effects) step.effects.push(effect);
  const topicsOf = () => factTopics(listener.topics, listener.topics.size);
  observe(state, step, () => ({ kind: "listenerChanged", listenerId, topics: topicsOf() }));
}

/** Changes a listener's topics on its own stream. An invalid change ends the stream. */
export function updateOwnTopics(
  state: State,
  listener: ListenerSession,
  input: TopicsUpdated,
  step: StepContext,
): void {
  const verdict =
    liveRule(input) ?? patternsRule("add_topics", input.add) ?? patternsRule("remove_topics", input.remove);
  const refused = verdict ? invalid([verdict], input.kind) : registrationRefusal(state, listener, input);
  if (refused) step.effects.push({ kind: "close", to: listener.key, refusal: refused });
  else changeTopics(state, listener, input, step);
}

/** Changes a listener's topics by a call, and answers the call. */
export function updateListener(state: State, input: ListenerUpdated, step: StepContext): void {
  const verdicts = [
    requiredIdRule("listener_id", input.listenerId),
    patternsRule("add_topics", input.add),
    patternsRule("remove_topics", input.remove),
  ].filter((verdict) => verdict !== undefined);
  const listener = state.listeners.get(input.listenerId);
  const refused =
    verdicts.length > 0
      ? invalid(verdicts, input.kind)
      : listener
        ? registrationRefusal(state, listener, input)
        : refusal("LISTENER_NOT_FOUND", `no listener ${input.listenerId} is connected`, {
            listener_id: input.listenerId,
          });
  if (refused || !listener) {
    if (refused) {
      step.effects.push({ kind: "reject", to: input.session, correlationId: "", refusal: refused });
    }
    return;
  }
  changeTopics(state, listener, input, step);
  step.effects.push({ kind: "updated", to: input.session, topics: [...listener.topics].sort() });
}

/** Ends a listener's session. */
export function departListener(state: State, listener: ListenerSession, step: StepContext): void {
  closeSession(state, listener);
  if (state.listeners.get(listener.listenerId) === listener) state.listeners.delete(listener.listenerId);
  const { listenerId } = listener;
  const topics = [...listener.topics];
  const topicsOf = () => factTopics(topics, topics.length);
  observe(state, step, () => ({ kind: "listenerLeft", listenerId, topics: topicsOf() }));
  for (const topic of topics) state.router.deregisterListener(listener, topic, step.now);
}

function changeTopics(state: State, listener: ListenerSession, change: TopicChange, step: StepContext): void {
  for (const topic of change.remove) state.router.deregisterListener(listener, topic, step.now);
  addTopics(state, listener, change.add);
  const [cursors, ...more] = perEvent(coveredCursors(state, change.add));
  tellTopics(listener, change.add, change.remove, cursors, step);
  for (const others of more) tellTopics(listener, [], [], others, step);
  const { listenerId } = listener;
  observe(state, step, () => {
    const changed = [...change.add, ...change.remove];
    return { kind: "listenerChanged", listenerId, topics: factTopics(changed, changed.length) };
  });
}

function tellTopics(
  { key }: ListenerSession,
  added: readonly string[],
  removed: readonly string[],
  cursors: readonly Cursor[],
  step: StepContext,
): void {
  step.effects.push({ kind: "topicsChanged", to: key, added, removed, cursors });
}

/** Adds topics. A topic that a listener names gets state at once, so that its cursor has an epoch from the start. */
function addTopics(state: State, listener: ListenerSession, topics: readonly string[]): void {
  for (const name of topics) {
    state.router.registerListener(listener, name);
    const topic = hasWildcard(name) ? undefined : state.router.open(name);
    if (!topic) continue;
    topic.isAnnounced = true;
    state.topics.markUsed(topic);
  }
}

/** Cursors of the topics that the listener did not resume. */
function otherCursors(
  state: State,
  topics: readonly string[],
  resumed: readonly Cursor[],
): readonly Cursor[] {
  const known = new Set(resumed.map((cursor) => cursor.topic));
  return coveredCursors(state, topics).filter((cursor) => !known.has(cursor.topic));
}

function openRefusal(
  state: State,
  input: ListenerOpened,
  older: ListenerSession | ListenerOpening | undefined,
): Refusal | undefined {
  const verdicts = listenRules(input, state.limits).filter((verdict) => verdict !== undefined);
  return verdicts.length > 0 ? invalid(verdicts, input.kind) : admitSession(state, older);
}

function registrationRefusal(
  state: State,
  listener: ListenerSession,
  change: TopicChange,
): Refusal | undefined {
  const limit = state.limits.maxRegistrationsPerSession;
  const removed = new Set(change.remove.filter((topic) => listener.topics.has(topic)));
  const added = new Set(change.add.filter((topic) => !listener.topics.has(topic) || removed.has(topic)));
  if (listener.topics.size - removed.size + added.size <= limit) return undefined;
  return registrationLimit(listener.topics.size, limit);
}
