/**
 * Resuming a listener from its cursors: deliveries above a cursor are replayed. A cursor of another epoch becomes a gap,
 * and the present epoch is replayed from its beginning.
 */

import type { ListenerSession } from "../state/listener-session.js";
import type { State } from "../state/state.js";
import type { TopicState } from "../state/topic-state.js";
import type { Work } from "../state/unfinished-work.js";
import type { Effect } from "../vocabulary/effect.js";
import type { Cursor } from "../vocabulary/model.js";
import type { Wildcards } from "./cursors.js";

/** What a resuming listener receives before new deliveries. */
export interface Resumption {
  /** The position at which each resumed topic continues on the stream. */
  readonly cursors: readonly Cursor[];
  /** A gap for each topic whose epoch has changed, then a replay for each topic with missed deliveries. */
  readonly effects: readonly Effect[];
}

const NO_RESUMPTION: Resumption = { cursors: [], effects: [] };

/**
 * The cursors from which a listener resumes: those of its topics, the last one of each. A group member does not resume:
 * other members received what it missed.
 */
export function* resumable(
  listener: ListenerSession,
  wildcards: Wildcards,
  from: readonly Cursor[],
): Work<readonly Cursor[]> {
  const found = new Map<string, Cursor>();
  if (listener.group !== "") return [];
  for (const cursor of from) {
    if (listener.topics.has(cursor.topic) || (yield* wildcards.covers(cursor.topic))) {
      found.set(cursor.topic, cursor);
    }
    yield 1;
  }
  return [...found.values()];
}

/** Finds the deliveries that a listener missed. @param from - what {@link resumable} returned. */
export function resume(state: State, listener: ListenerSession, from: readonly Cursor[]): Resumption {
  if (from.length === 0) return NO_RESUMPTION;
  const to = listener.key;
  const cursors: Cursor[] = [];
  const gaps: Effect[] = [];
  const replays: Effect[] = [];
  for (const cursor of from) {
    const { topic: name } = cursor;
    const topic = state.topics.find(name);
    const isCurrent = topic?.epoch === cursor.epoch && cursor.sequence <= topic.sequence;
    if (!isCurrent) {
      gaps.push({ kind: "gap", to, topic: name, reason: "EPOCH_CHANGED", from: 0, last: 0, lostCount: 0 });
    }
    if (!topic) continue;
    const { epoch, sequence: last } = topic;
    const sequence = isCurrent ? cursor.sequence : beginning(topic, cursor);
    topic.isAnnounced = true;
    cursors.push({ topic: name, epoch, sequence });
    if (sequence < last) replays.push({ kind: "replay", to, topic: name, epoch, from: sequence + 1, last });
  }
  return { cursors, effects: [...gaps, ...replays] };
}

/**
 * The position after which a listener hears the topic although its cursor is of another epoch. That is the beginning of
 * the present epoch: the listener has heard nothing of it. But the epoch of a listener that was not told one may be the
 * present one, and a result must not be delivered to it twice.
 */
function beginning({ sequence: last }: TopicState, { epoch, sequence }: Cursor): number {
  return epoch === "" && sequence <= last ? sequence : 0;
}
