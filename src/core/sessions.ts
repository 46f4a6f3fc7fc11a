/**
 * What all sessions have in common: a place within the limit, a heartbeat, and a newer one that replaces them.
 */
import type { Cursor } from "./model.js";
import { type Refusal, refusal } from "./reason.js";
import type { AnySession, State } from "./state.js";
import type { StepContext } from "./step-context.js";
import { hasWildcard } from "./topic.js";
import { TopicTree } from "./topic-tree.js";

/** Topics whose positions a heartbeat tells; a listener on more knows the rest from its deliveries. */
const HEARTBEAT_CURSORS = 100;
/** Topics whose positions are told when a listener's topics begin: what one listener may name. */
const MOST_CURSORS = 10_000;

/**
 * @param older - whom the new session replaces; its place becomes free.
 * @returns why no further session can be opened, or undefined if one can.
 */
export function admitSession(state: State, older?: AnySession): Refusal | undefined {
  if (state.phase !== "OPEN") return refusal("SHUTTING_DOWN", "the server is shutting down; try another one");
  const limit = state.limits.maxSessions;
  if (older || state.sessions.size < limit) return undefined;
  const message = `${limit} streams are open, which is the limit; try again later or raise maxSessions`;
  return refusal("SESSION_LIMIT", message, { limit: String(limit) }, 1_000);
}

/** Tells an older session that a newer one of its id has taken over. */
export function replaceSession(older: AnySession, field: string, id: string, step: StepContext): void {
  const message = `${field} ${id} connected again, and the newest stream wins; give each peer an id of its own`;
  const replaced = refusal("SESSION_REPLACED", message, { [field]: id });
  step.effects.push({ kind: "close", to: older.key, refusal: replaced });
}

/** Takes a session out of what is open; the rest of its end is its owner's. */
export function closeSession(state: State, session: AnySession): void {
  state.sessions.delete(session.key);
  state.wheel.clear(session);
}

/** Says that a stream is alive, and when that will be said again. */
export function beat(state: State, session: AnySession, step: StepContext): void {
  const cursors = session.kind === "listener" ? cursorsOf(state, session.topics, HEARTBEAT_CURSORS) : [];
  step.effects.push({ kind: "heartbeat", to: session.key, cursors });
  state.wheel.set(session, step.now + state.limits.heartbeatMs);
}

/** Where those of the topics stand that have no wildcard and are known. */
export function cursorsOf(state: State, topics: Iterable<string>, most: number): readonly Cursor[] {
  const cursors: Cursor[] = [];
  for (const name of topics) {
    if (cursors.length >= most) break;
    const topic = hasWildcard(name) ? undefined : state.topics.find(name);
    if (topic) cursors.push({ topic: name, epoch: topic.epoch, sequence: topic.sequence });
  }
  return cursors;
}

/** Where all known topics stand that the patterns cover, up to a bound; what is beyond it begins unannounced. */
export function coveredCursors(state: State, patterns: readonly string[]): readonly Cursor[] {
  const named = cursorsOf(state, new Set(patterns), MOST_CURSORS);
  const wildcards = new TopicTree<true, true>();
  for (const pattern of patterns) if (hasWildcard(pattern)) wildcards.add(pattern, true, true);
  if (wildcards.size === 0) return named;
  const cursors = new Map(named.map((cursor) => [cursor.topic, cursor]));
  for (const topic of state.topics.all()) {
    if (cursors.size >= MOST_CURSORS) break;
    const { name, epoch, sequence } = topic;
    if (wildcards.match(name).size === 0) continue;
    topic.isTold = true;
    cursors.set(name, { topic: name, epoch, sequence });
  }
  return [...cursors.values()];
}
