/**
 * The cursors that a listener receives: the positions of its topics.
 */

import type { State } from "../state/state.js";
import { unitsOf, type Work } from "../state/unfinished-work.js";
import { TopicTree } from "../tables/topic-tree.js";
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

/** The cursors of topics that a listener is told, which are announced with that. */
export function announcedCursors(state: State, topics: Iterable<string>): readonly Cursor[] {
  const cursors: Cursor[] = [];
  for (const name of topics) {
    const topic = state.topics.find(name);
    if (!topic) continue;
    topic.isAnnounced = true;
    cursors.push({ topic: name, epoch: topic.epoch, sequence: topic.sequence });
  }
  return cursors;
}

/** Wildcards that are compared with many topics. */
export class Wildcards {
  private readonly tree = new TopicTree<true, true>();

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.tree.size === 0;
  }

  /** Adds the wildcards among topics and patterns. */
  *add(patterns: Iterable<string>): Work {
    for (const pattern of patterns) {
      if (hasWildcard(pattern)) this.tree.add(pattern, true, true);
      yield unitsOf(pattern);
    }
  }

  /** Whether one of them covers a topic. */
  *covers(topic: string): Work<boolean> {
    const { visitedCount } = this.tree;
    const isCovered = this.tree.hasWildcardOn(topic);
    yield 1 + this.tree.visitedCount - visitedCount;
    return isCovered;
  }
}

/**
 * Finds the topics with state that wildcards cover, and adds them to the names, up to a maximum number of names. Topics
 * beyond it begin without an announcement. A topic that is created during the search is found as well.
 */
export function* findCovered(state: State, wildcards: Wildcards, names: Set<string>, max: number): Work {
  if (wildcards.isEmpty) return;
  for (const { name } of state.topics.all()) {
    if (names.size >= max) return;
    if (!names.has(name) && (yield* wildcards.covers(name))) names.add(name);
  }
}
