/**
 * The cursors that a listener receives: the positions of its topics.
 */

import type { State } from "../state/state.js";
import { TopicTree } from "../tables/topic-tree.js";
import { maxCursors } from "../vocabulary/limits.js";
import type { Cursor } from "../vocabulary/model.js";
import { hasWildcard } from "../vocabulary/topic.js";

/** Maximum number of cursors in a heartbeat. A listener on more topics knows the rest from its deliveries. */
export const HEARTBEAT_CURSORS = 100;
/** Maximum number of cursors in one event: below the 4 MiB that gRPC receivers accept by default, for any topics. */
const MAX_EVENT_CURSORS = 10_000;

/** Splits cursors into those of the first event, and those of the events that must follow it. */
export function perEvent(cursors: readonly Cursor[]): readonly [readonly Cursor[], ...(readonly Cursor[])[]] {
  if (cursors.length <= MAX_EVENT_CURSORS) return [cursors];
  return [cursors.slice(0, MAX_EVENT_CURSORS), ...perEvent(cursors.slice(MAX_EVENT_CURSORS))];
}

/** The cursors of the topics that have state; patterns are skipped. */
export function cursorsOf(state: State, topics: Iterable<string>, max: number): readonly Cursor[] {
  const cursors: Cursor[] = [];
  for (const name of topics) {
    if (cursors.length >= max) break;
    const topic = hasWildcard(name) ? undefined : state.topics.find(name);
    if (topic) cursors.push({ topic: name, epoch: topic.epoch, sequence: topic.sequence });
  }
  return cursors;
}

/**
 * The cursors of all topics with state that the patterns cover, at most {@link maxCursors}. Topics beyond the maximum
 * begin without an announcement.
 */
export function coveredCursors(state: State, patterns: readonly string[]): readonly Cursor[] {
  const max = maxCursors(state.limits);
  const named = cursorsOf(state, new Set(patterns), max);
  const wildcards = new TopicTree<true, true>();
  for (const pattern of patterns) if (hasWildcard(pattern)) wildcards.add(pattern, true, true);
  if (wildcards.size === 0) return named;
  const cursors = new Map(named.map((cursor) => [cursor.topic, cursor]));
  for (const topic of state.topics.all()) {
    if (cursors.size >= max) break;
    const { name, epoch, sequence } = topic;
    if (wildcards.match(name).size === 0) continue;
    topic.isAnnounced = true;
    cursors.set(name, { topic: name, epoch, sequence });
  }
  return [...cursors.values()];
}
