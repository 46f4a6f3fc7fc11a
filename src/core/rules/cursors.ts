/**
 * The positions of topics that a listener is told.
 */

import type { State } from "../state/state.js";
import { TopicTree } from "../tables/topic-tree.js";
import type { Cursor } from "../vocabulary/model.js";
import { hasWildcard } from "../vocabulary/topic.js";

/** Topics whose positions a heartbeat tells; a listener on more topics knows the rest from its deliveries. */
export const HEARTBEAT_CURSORS = 100;
/** Topics whose positions are told when a listener's topics begin: as many as one listener may name. */
const MAX_CURSORS = 10_000;

/** The positions of those of the topics that have no wildcard and have state. */
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
 * The positions of all topics with state that the patterns cover, up to a bound. A topic beyond the bound begins without
 * an announcement.
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
    topic.isTold = true;
    cursors.set(name, { topic: name, epoch, sequence });
  }
  return [...cursors.values()];
}
