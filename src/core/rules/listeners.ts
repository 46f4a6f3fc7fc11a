/**
 * Sessions of listeners: their topics, how they resume, and their end.
 */

import { ListenerSession } from "../state/listener-session.js";
import type { State } from "../state/state.js";
import { listenerView } from "../views/session-views.js";
import type { ListenerOpened, ListenerUpdated, TopicsUpdated } from "../vocabulary/input.js";
import type { Limits } from "../vocabulary/limits.js";
import type { Cursor } from "../vocabulary/model.js";
import { invalid, type Refusal, refusal } from "../vocabulary/reason.js";
import { hasWildcard } from "../vocabulary/topic.js";
import { coveredCursors } from "./cursors.js";
import { idRule, lengthRule, patternsRule, rangeRule, requiredIdRule, type Verdict } from "./field-rules.js";
import { observe } from "./observe.js";
import { resume } from "./resume.js";
import { admitSession, closeSession, replaceSession } from "./sessions.js";
import type { StepContext } from "./step-context.js";

/** A change of a listener's topics; removals are applied before additions. */
type TopicChange = Pick<ListenerUpdated, "add" | "remove">;

/** Opens a listener's session, and resumes it from its cursors. Replaces an older session of the same id. */
export function openListener(state: State, input: ListenerOpened, step: StepContext): void {
  const listenerId = input.listenerId || input.mintedId;
  const older = state.listeners.get(listenerId);
  const refused = openRefusal(state, input, older);
  if (refused) {
    step.effects.push({ kind: "close", to: input.session, refusal: refused });
    return;
  }
  if (older) {
    replaceSession(older, "listener_id", listenerId, step);
    departListener(state, older, step);
  }
  const overflowAction = input.overflowAction === "DISCONNECT" ? "DISCONNECT" : "DROP_OLDEST";
  const bufferBytes = input.bufferBytes || state.limits.defaultBufferBytes;
  const listener = new ListenerSession(listenerId, input, overflowAction, bufferBytes, step.now);
  state.sessions.set(listener.key, listener);
  state.listeners.set(listenerId, listener);
  state.wheel.set(listener, step.now + state.limits.heartbeatMs);
  addTopics(state, listener, input.topics);
  const { sessionId } = listener;
  const resumed = resume(state, listener, input.resumeFrom);
  const cursors = [...resumed.cursors, ...otherCursors(state, input.topics, resumed.cursors)];
  step.effects.push({
    kind: "ready",
    to: listener.key,
    listenerId,
    sessionId,
    cursors,
    bufferBytes,
    overflowAction,
  });
  for (const effect of resumed.effects) step.effects.push(effect);
  observe(state, step, () => ({ kind: "listenerChanged", listener: listenerView(listener) }));
}

/** Changes a listener's topics on its own stream. An invalid change ends the stream. */
export function updateOwnTopics(
  state: State,
  listener: ListenerSession,
  input: TopicsUpdated,
  step: StepContext,
): void {
  const verdict = patternsRule("add_topics", input.add) ?? patternsRule("remove_topics", input.remove);
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
  observe(state, step, () => ({ kind: "listenerLeft", listenerId, topics }));
  for (const topic of topics) state.router.deregisterListener(listener, topic, step.now);
}

function changeTopics(state: State, listener: ListenerSession, change: TopicChange, step: StepContext): void {
  for (const topic of change.remove) state.router.deregisterListener(listener, topic, step.now);
  addTopics(state, listener, change.add);
  step.effects.push({
    kind: "topicsChanged",
    to: listener.key,
    added: change.add,
    removed: change.remove,
    cursors: coveredCursors(state, change.add),
  });
  observe(state, step, () => ({ kind: "listenerChanged", listener: listenerView(listener) }));
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
  older: ListenerSession | undefined,
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
  const message = `the listener holds ${listener.topics.size} of at most ${limit} topics; use wildcards or raise maxRegistrationsPerSession`;
  return refusal("REGISTRATION_LIMIT", message, { limit: String(limit) });
}

function listenRules(input: ListenerOpened, limits: Limits): readonly Verdict[] {
  const max = limits.maxRegistrationsPerSession;
  return [
    idRule("listener_id", input.listenerId),
    lengthRule("topics", input.topics.length, max, "entries"),
    patternsRule("topics", input.topics),
    lengthRule("resume_from", input.resumeFrom.length, max, "entries"),
    idRule("group", input.group),
    rangeRule("buffer_bytes", input.bufferBytes, limits.minBufferBytes, limits.maxBufferBytes),
    input.overflowAction === "UNKNOWN_ENUM_VALUE"
      ? { field: "overflow_action", description: "is unknown; use DROP_OLDEST or DISCONNECT" }
      : undefined,
  ];
}
