/**
 * Sessions of listeners: their topics, how they resume, and their end.
 */

import { listenerBytes, partBytes } from "../state/costs.js";
import { ListenerOpening } from "../state/listener-opening.js";
import { ListenerSession, type TopicChange } from "../state/listener-session.js";
import { Lot } from "../state/lot.js";
import type { State } from "../state/state.js";
import { unitsOf, type Work } from "../state/unfinished-work.js";
import { groupName, identityOf } from "../vocabulary/identity.js";
import type { ListenerOpened, ListenerUpdated, TopicsUpdated } from "../vocabulary/input.js";
import { maxCursors } from "../vocabulary/limits.js";
import type { Cursor } from "../vocabulary/model.js";
import { invalid, type Refusal, refusal } from "../vocabulary/reason.js";
import { announcedCursors, EarlyCursors, findCovered, perEvent, Wildcards } from "./cursors.js";
import { patternsRule, requiredIdRule } from "./field-rules.js";
import {
  addPart,
  beginOpening,
  endOpening,
  keepOpening,
  listenRules,
  liveRule,
  registrationLimit,
} from "./listener-opening.js";
import { addRegistrations, namesIn, removeRegistrations, takeEffect } from "./listener-registrations.js";
import { factTopics, observe } from "./observe.js";
import { resumable, resume } from "./resume.js";
import { accountOf, admitSession, closeSession, keepSession, replaceSession } from "./sessions.js";
import { heldRefusal } from "./shares.js";
import type { StepContext } from "./step-context.js";

/** Opens a listener's session, or begins to collect its parts. Replaces an older session of the same id. */
export function openListener(state: State, input: ListenerOpened, step: StepContext): void {
  const listenerId = input.listenerId || input.mintedId;
  const identity = identityOf(input.principal ?? "", listenerId);
  const older = state.listeners.get(identity) ?? state.openings.get(identity);
  const refused = openRefusal(state, input, older);
  if (refused) {
    step.effects.push({ kind: "close", to: input.session, refusal: refused });
    return;
  }
  if (older) {
    replaceSession(older, "listener_id", listenerId, step);
    if (older.kind === "opening") departOpening(state, older, step);
    else departListener(state, older, step);
  }
  if (input.cursorsFollow) beginOpening(state, listenerId, input, step);
  else goLive(state, listenerId, input, step);
}

/** Takes a further part of a session that opens in parts. A part that is invalid ends the stream. */
export function takePart(
  state: State,
  opening: ListenerOpening,
  part: TopicsUpdated,
  step: StepContext,
): void {
  const refused = addPart(state, opening, part);
  if (refused) {
    endOpening(state, opening);
    step.effects.push({ kind: "close", to: opening.key, refusal: refused });
  } else if (!part.cursorsFollow) {
    endOpening(state, opening);
    goLive(state, opening.listenerId, opening.complete(), step);
  }
}

/** Makes a listener's session live, and resumes it from its cursors. Until then, the session is an opening. */
function goLive(state: State, listenerId: string, input: ListenerOpened, step: StepContext): void {
  const overflowAction = input.overflowAction === "DISCONNECT" ? "DISCONNECT" : "DROP_OLDEST";
  const bufferBytes = input.bufferBytes || state.limits.defaultBufferBytes;
  const admitted = { account: accountOf(state, input.peer), at: step.now };
  const listener = new ListenerSession(listenerId, input, overflowAction, bufferBytes, admitted);
  state.work.begin(listener.key, step, (step) => join(state, listener, input, step));
  if (!state.work.has(listener.key)) return;
  // Its topics are charged once more until all of them are registered, so that no more is promised than may be held.
  const bytes = listenerBytes(input) + partBytes(input.topics, input.resumeFrom);
  const opened = { ...input, topics: [], resumeFrom: [] };
  keepOpening(state, new ListenerOpening(listenerId, opened, admitted, listener), bytes);
}

/** Adds the registrations without effect, then makes the listener live in one step, at the positions of that moment. */
function* join(state: State, listener: ListenerSession, input: ListenerOpened, step: StepContext): Work {
  const lot = new Lot("", false);
  yield* addRegistrations(state, listener, input.topics, lot, (name) => listener.topics.add(name));
  const wildcards = new Wildcards();
  yield* wildcards.add(input.topics);
  const from = yield* resumable(listener, wildcards, input.resumeFrom);
  const max = maxCursors(state.limits);
  const names = namesIn(input.topics, max);
  yield* findCovered(state, wildcards, names, max);
  // From here on there is no pause: a topic that is created later is announced to the listener.
  const opening = state.sessions.get(listener.key);
  if (opening?.kind === "opening") endOpening(state, opening);
  keepSession(state, listener, listenerBytes(input));
  state.listeners.set(listener.identity, listener);
  state.wheel.set(listener, step.now + state.limits.heartbeatMs);
  takeEffect(state, listener, lot, input.topics);
  tellReady(state, listener, from, names, step);
  const { identity, topics } = listener;
  const topicsOf = () => factTopics(topics, topics.size);
  observe(state, step, () => ({ kind: "listenerChanged", identity, topics: topicsOf() }));
}

function tellReady(
  state: State,
  listener: ListenerSession,
  from: readonly Cursor[],
  names: Set<string>,
  step: StepContext,
): void {
  const resumed = resume(state, listener, from);
  for (const { topic } of resumed.cursors) names.delete(topic);
  const [cursors, ...more] = perEvent([...resumed.cursors, ...announcedCursors(state, names)]);
  const { listenerId, sessionId, bufferBytes, overflowAction } = listener;
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
  const invalidity = verdict && invalid([verdict], input.kind);
  state.work.begin(listener.key, step, function* (step) {
    const refused = invalidity ?? registrationRefusal(state, listener, input);
    if (refused) step.effects.push({ kind: "close", to: listener.key, refusal: refused });
    else yield* changeTopics(state, listener, input, step);
  });
}

/** Changes a listener's topics by a call, and answers the call. */
export function updateListener(state: State, input: ListenerUpdated, step: StepContext): void {
  const verdicts = [
    requiredIdRule("listener_id", input.listenerId),
    patternsRule("add_topics", input.add),
    patternsRule("remove_topics", input.remove),
  ].filter((verdict) => verdict !== undefined);
  const identity = identityOf(input.principal ?? "", input.listenerId);
  const listener = verdicts.length > 0 ? undefined : state.listeners.get(identity);
  const refuse = (step: StepContext, refused: Refusal): void => {
    step.effects.push({ kind: "reject", to: input.session, correlationId: "", refusal: refused });
  };
  const notFound = refusal("LISTENER_NOT_FOUND", `no listener ${input.listenerId} is connected`, {
    listener_id: input.listenerId,
  });
  if (verdicts.length > 0) refuse(step, invalid(verdicts, input.kind));
  else if (!listener) refuse(step, notFound);
  else {
    // The work is the listener's: its changes are applied one after the other, and end with it.
    const change = (step: StepContext): Work => changeByCall(state, listener, input, step);
    state.work.begin(listener.key, step, change, (step) => refuse(step, notFound));
  }
}

function* changeByCall(
  state: State,
  listener: ListenerSession,
  input: ListenerUpdated,
  step: StepContext,
): Work {
  const refused = registrationRefusal(state, listener, input);
  if (refused) {
    step.effects.push({ kind: "reject", to: input.session, correlationId: "", refusal: refused });
    return;
  }
  yield* changeTopics(state, listener, input, step);
  // To sort 10,000 topics takes milliseconds, so it gets a step of its own.
  yield listener.topics.size;
  step.effects.push({ kind: "updated", to: input.session, topics: [...listener.topics].sort() });
}

/** Ends a listener's session. It is gone at once for everybody else, and the rest of its departure is never dropped. */
export function departListener(state: State, listener: ListenerSession, step: StepContext): void {
  closeSession(state, listener);
  const { identity, listenerId, principal } = listener;
  if (state.listeners.get(identity) === listener) state.listeners.delete(identity);
  const topics = [...listener.topics];
  const topicsOf = () => factTopics(topics, topics.length);
  observe(state, step, () => ({
    kind: "listenerLeft",
    ...{ identity, listenerId, principal },
    topics: topicsOf(),
  }));
  leaveTopics(state, listener, step);
}

/** Ends a session that opens, before it is live. */
export function departOpening(state: State, opening: ListenerOpening, step: StepContext): void {
  endOpening(state, opening);
  if (opening.listener) leaveTopics(state, opening.listener, step);
}

/** Removes all registrations of a listener that ends, also those of a change in progress. */
function leaveTopics(state: State, listener: ListenerSession, step: StepContext): void {
  const { add = [], remove = [] } = listener.change ?? {};
  const names = [...listener.topics, ...add, ...remove];
  if (state.work.isLong(names)) state.router.hide(listener);
  else state.router.changeListener(listener, names);
  state.work.drop(listener.key, step);
  state.work.begin(listener.key, step, (step) => removeRegistrations(state, listener, names, step));
}

/**
 * Changes the topics in one step, after the added registrations were added without effect. The removed ones end in that
 * step, and are removed afterwards.
 */
function* changeTopics(
  state: State,
  listener: ListenerSession,
  change: TopicChange,
  step: StepContext,
): Work {
  const added = new Set(change.add);
  const removed = change.remove.filter((name) => listener.topics.has(name) && !added.has(name));
  const [joining, leaving] = [new Lot("", false), new Lot("", true)];
  listener.change = change;
  const isNew = (name: string) => !listener.topics.has(name);
  const held = new Map<string, string>();
  // Charged until the registrations are, so that no more is promised than may be held.
  const reservedBytes = partBytes(added, []);
  listener.charge(reservedBytes);
  const joined = [...added].filter(isNew);
  yield* addRegistrations(state, listener, joined, joining, (name) => held.set(name, name));
  listener.release(reservedBytes);
  for (const name of removed) {
    state.router.addRegistration(listener, name, leaving);
    yield unitsOf(name);
  }
  const max = maxCursors(state.limits);
  // A pattern that the listener has already is not compared with all topics again: it knows their positions.
  const names = namesIn(change.add, max);
  const wildcards = new Wildcards();
  const tell = (cursors: readonly Cursor[]) => tellTopics(listener, [], [], cursors, step);
  const early = new EarlyCursors(state, names, tell);
  yield* wildcards.add(joined);
  yield* early.tellMost();
  yield* findCovered(state, wildcards, names, max, () => early.tellMost());
  // From here on there is no pause before the listener hears of the change.
  for (const name of change.remove) listener.topics.delete(name);
  for (const name of change.add) listener.topics.add(held.get(name) ?? name);
  leaving.isEffective = false;
  takeEffect(state, listener, joining, [...joined, ...removed]);
  const [cursors, ...more] = perEvent(early.rest());
  tellTopics(listener, change.add, change.remove, cursors, step);
  for (const others of more) tell(others);
  const { identity } = listener;
  observe(state, step, () => {
    const changed = [...change.add, ...change.remove];
    return { kind: "listenerChanged", identity, topics: factTopics(changed, changed.length) };
  });
  yield* removeRegistrations(state, listener, removed, step);
  listener.change = undefined;
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

function openRefusal(
  state: State,
  input: ListenerOpened,
  older: ListenerSession | ListenerOpening | undefined,
): Refusal | undefined {
  const verdicts = listenRules(input, state.limits).filter((verdict) => verdict !== undefined);
  if (verdicts.length > 0) return invalid(verdicts, input.kind);
  const bytes = listenerBytes(input) + partBytes(input.topics, input.resumeFrom);
  return admitSession(state, accountOf(state, input.peer), bytes, older);
}

function registrationRefusal(
  state: State,
  listener: ListenerSession,
  change: TopicChange & Pick<TopicsUpdated, "isGroupShared">,
): Refusal | undefined {
  if (listener.isGroupShared && change.add.length > 0 && !change.isGroupShared)
    return unsharedGroup(listener);
  const limit = state.limits.maxRegistrationsPerSession;
  const removed = new Set(change.remove.filter((topic) => listener.topics.has(topic)));
  const added = new Set(change.add.filter((topic) => !listener.topics.has(topic) || removed.has(topic)));
  if (listener.topics.size - removed.size + added.size <= limit)
    return heldRefusal(state, listener.account, partBytes(added, []));
  return registrationLimit(listener.topics.size, limit);
}

/** In a shared group, a listener of another principal would take results of topics that nobody shares. */
function unsharedGroup({ group }: ListenerSession): Refusal {
  const name = groupName(group);
  const message = `the listener shares its group ${name}, and the policy does not share it on all added topics; add them to a listener of their own`;
  return refusal("NOT_ALLOWED", message, { action: "listen", group: name });
}
