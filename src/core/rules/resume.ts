/**
 * Resuming a listener from its cursors: deliveries above a cursor are replayed, and a cursor of another epoch becomes a
 * gap.
 */

import type { ListenerSession } from "../state/listener-session.js";
import type { State } from "../state/state.js";
import type { Effect } from "../vocabulary/effect.js";
import type { Cursor } from "../vocabulary/model.js";

/** What a resuming listener receives before new deliveries. */
export interface Resumption {
  /** The position at which each resumed topic continues on the stream. */
  readonly cursors: readonly Cursor[];
  /** A gap for each topic whose epoch has changed, then a replay for each topic with missed deliveries. */
  readonly effects: readonly Effect[];
}

const NO_RESUMPTION: Resumption = { cursors: [], effects: [] };

/** Finds the deliveries that a listener missed. A group member does not resume: other members received them. */
export function resume(state: State, listener: ListenerSession, from: readonly Cursor[]): Resumption {
  if (listener.group !== "" || from.length === 0) return NO_RESUMPTION;
  const to = listener.key;
  const cursors: Cursor[] = [];
  const gaps: Effect[] = [];
  const replays: Effect[] = [];
  for (const cursor of new Map(from.map((c) => [c.topic, c])).values()) {
    const { topic: name, epoch, sequence } = cursor;
    if (!state.router.covers(listener, name)) continue;
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
