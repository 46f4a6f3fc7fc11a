/**
 * Where a listener that comes back goes on: what it missed above its cursors is replayed, and what cannot be is told.
 */

import type { ListenerSession } from "../state/listener-session.js";
import type { State } from "../state/state.js";
import type { Effect } from "../vocabulary/effect.js";
import type { Cursor } from "../vocabulary/model.js";

/** What a listener is told before it hears what is new. */
export interface Resumption {
  /** Where each resumed topic begins on the stream. */
  readonly cursors: readonly Cursor[];
  /** A gap for each topic whose numbering is another one by now, then a replay of each that went on. */
  readonly effects: readonly Effect[];
}

const NOTHING: Resumption = { cursors: [], effects: [] };

/** Works out what a listener missed. A member of a group resumes nowhere: others had its deliveries. */
export function resume(state: State, listener: ListenerSession, from: readonly Cursor[]): Resumption {
  if (listener.group !== "" || from.length === 0) return NOTHING;
  const to = listener.key;
  const cursors: Cursor[] = [];
  const gaps: Effect[] = [];
  const replays: Effect[] = [];
  for (const cursor of new Map(from.map((c) => [c.topic, c])).values()) {
    const { topic: name, epoch, sequence } = cursor;
    if (!state.router.hears(listener, name)) continue;
    const topic = state.topics.find(name);
    if (!topic || topic.epoch !== epoch || sequence > topic.sequence) {
      if (topic) cursors.push({ topic: name, epoch: topic.epoch, sequence: topic.sequence });
      gaps.push({ kind: "gap", to, topic: name, reason: "EPOCH_CHANGED", from: 0, last: 0, lostCount: 0 });
      continue;
    }
    cursors.push(cursor);
    if (sequence === topic.sequence) continue;
    replays.push({ kind: "replay", to, topic: name, epoch, from: sequence + 1, last: topic.sequence });
  }
  return { cursors, effects: [...gaps, ...replays] };
}
