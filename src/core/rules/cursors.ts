/**
 * The cursors that a listener receives: the positions of its topics.
 */

import type { State } from "../state/state.js";
import { TopicTree } from "../tables/topic-tree.js";
import type { Cursor } from "../vocabulary/model.js";
import { hasWildcard } from "../vocabulary/topic.js";

/** Maximum number of cursors in a heartbeat. A listener on more topics knows the rest from its deliveries. */
export const HEARTBEAT_CURSORS = 100;
/** Maximum number of cursors when topics are added: as many as the topics that one listener may name by default. */
const MAX_CURSORS = 10_000;

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
 * The cursors of all topics with state that the patterns cover, at most {@link MAX_CURSORS}. Topics beyond the maximum
 * begin without an announcement.
 */
export function coveredCursors(state: State, patterns: readonly string[]): readonly Cursor[] {
  const named = cursorsOf(state, new Set(patterns), MAX_CURSORS);
  const wildcards = new TopicTree<true, true>();
  for (const pattern of patterns) if (hasWildcard(pattern)) wildcards.add(pattern, true, true);
  if (wildcards.size === 0) return named;
  const cursors = new Map(named.map((cursor) => [cursor.topic, cursor]));
  for (const topic of state.topics.all()) {
    if (cursors.size >= MAX_CURSORS) break;
    const { name, epoch, sequence } = topic;
    if (wildcards.match(name).size === 0) continue;
    topic.isAnnounced = true;
    cursors.set(name, { topic: name, epoch, sequence });
  }
  return [...cursors.values()];
}
