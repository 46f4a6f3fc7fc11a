/**
 * The cursors that a listener receives: the positions of its topics.
 */

import type { State } from "../state/state.js";
import type { TopicState } from "../state/topic-state.js";
import { unitsOf, type Work } from "../state/unfinished-work.js";
import { TopicTree } from "../tables/topic-tree.js";
import type { Cursor } from "../vocabulary/model.js";
import { hasWildcard } from "../vocabulary/topic.js";

/** Maximum number of cursors in a heartbeat. A listener on more topics knows the rest from its deliveries. */
export const HEARTBEAT_CURSORS = 100;
/** Maximum number of cursors in one event: below the 4 MiB that gRPC receivers accept by default, for any topics. */
const MAX_EVENT_CURSORS = 10_000;
/** Maximum number of cursors that a change of topics is told with in one step. */
export const MAX_STEP_CURSORS = 1_000;
/** Units of work of a cursor: it is looked up, and encoded. */
const UNITS_PER_CURSOR = 2;

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
 * The cursors of topics that a listener is told, which are announced with that.
 *
 * @param told - receives the position of each topic.
 */
export function announcedCursors(
  state: State,
  topics: Iterable<string>,
  told?: Map<TopicState, number>,
): readonly Cursor[] {
  const cursors: Cursor[] = [];
  for (const name of topics) {
    const topic = state.topics.find(name);
    if (!topic) continue;
    topic.isAnnounced = true;
    told?.set(topic, topic.sequence);
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
 *
 * @param onFound - work on the names that were found so far.
 */
export function* findCovered(
  state: State,
  wildcards: Wildcards,
  names: Set<string>,
  max: number,
  onFound?: () => Work,
): Work {
  if (wildcards.isEmpty) return;
  for (const { name } of state.topics.all()) {
    if (names.size >= max) return;
    if (names.has(name) || !(yield* wildcards.covers(name))) continue;
    names.add(name);
    if (onFound) yield* onFound();
  }
}

/**
 * Positions that a listener is told before its registrations take effect: to tell 10,000 positions takes longer than a
 * step may. A position that has changed until then is told again, so that the listener starts from the right one.
 */
export class EarlyCursors {
  private readonly told = new Map<TopicState, number>();
  private readonly names: Iterator<string>;
  private takenCount = 0;

  /**
   * @param found - the topics to tell of; more may be added at its end.
   * @param tell - tells the listener.
   */
  constructor(
    private readonly state: State,
    private readonly found: ReadonlySet<string>,
    private readonly tell: (cursors: readonly Cursor[]) => void,
  ) {
    this.names = found.values();
  }

  /** Tells of the topics found so far, but for those that fit into one step with the change. */
  *tellMost(): Work {
    while (this.found.size - this.takenCount > MAX_STEP_CURSORS) {
      this.tell(announcedCursors(this.state, this.take(MAX_STEP_CURSORS), this.told));
      yield UNITS_PER_CURSOR * MAX_STEP_CURSORS;
    }
  }

  /** The positions that are left to tell with the change: the rest, and those that are not what was told. */
  rest(): readonly Cursor[] {
    const names: string[] = [];
    for (const [topic, sequence] of this.told) {
      if (topic.sequence !== sequence || this.state.topics.find(topic.name) !== topic) names.push(topic.name);
    }
    return announcedCursors(this.state, [...names, ...this.take(this.found.size)]);
  }

  private take(count: number): readonly string[] {
    const taken: string[] = [];
    for (; taken.length < count && this.takenCount < this.found.size; this.takenCount++) {
      const { value } = this.names.next();
      taken.push(value);
    }
    return taken;
  }
}
