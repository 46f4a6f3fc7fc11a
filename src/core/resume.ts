/**
 * Where a listener that comes back goes on: what is retained above its cursors is replayed, and what is not is told.
 */
import type { Effect } from "./effect.js";
import type { ListenerSession } from "./listener-session.js";
import type { Cursor, SessionKey } from "./model.js";
import { retainedAfter } from "./retained-log.js";
import type { State } from "./state.js";
import type { TopicState } from "./topic-state.js";

/** What a listener is told before it hears what is new. */
export interface Replay {
  /** Where each resumed topic begins on the stream. */
  readonly cursors: readonly Cursor[];
  /** Gaps and deliveries, in the order of their positions within each topic. */
  readonly effects: readonly Effect[];
}

const NOTHING: Replay = { cursors: [], effects: [] };

/** Works out what a listener missed. A member of a group resumes nowhere: others had its deliveries. */
export function resume(state: State, listener: ListenerSession, from: readonly Cursor[]): Replay {
  if (listener.group !== "" || from.length === 0) return NOTHING;
  const cursors: Cursor[] = [];
  const effects: Effect[] = [];
  for (const cursor of new Map(from.map((c) => [c.topic, c])).values()) {
    if (!state.router.hears(listener, cursor.topic)) continue;
    const topic = state.router.find(cursor.topic);
    const begin = topic ? { topic: topic.name, epoch: topic.epoch, sequence: topic.sequence } : undefined;
    if (!topic || topic.epoch !== cursor.epoch || cursor.sequence > topic.sequence) {
      if (begin) cursors.push(begin);
      effects.push(gap(listener.key, cursor.topic, "EPOCH_CHANGED", 0, 0));
    } else {
      cursors.push(cursor);
      replay(topic, cursor, listener, effects);
    }
  }
  return { cursors, effects };
}

function replay(topic: TopicState, cursor: Cursor, listener: ListenerSession, effects: Effect[]): void {
  const retained = retainedAfter(topic, cursor.sequence);
  const next = retained[0]?.sequence ?? topic.sequence + 1;
  if (next > cursor.sequence + 1) {
    effects.push(gap(listener.key, topic.name, "RETENTION", cursor.sequence + 1, next - 1));
  }
  for (const delivery of retained) effects.push({ ...delivery, audience: listener.alone, callers: [] });
}

function gap(
  to: SessionKey,
  topic: string,
  reason: "RETENTION" | "EPOCH_CHANGED",
  from: number,
  last: number,
): Effect {
  return { kind: "gap", to, topic, reason, from, last, lostCount: from === 0 ? 0 : last - from + 1 };
}
