/**
 * Reads what a listener that came back is still to be told, a slice at a time and when there is room for it: until then
 * nothing is held for it but two positions, and what has left the log meanwhile is told as a gap in its place.
 */

import type { State } from "../state/state.js";
import type { Gap, Replay, ReplaySlice } from "../vocabulary/effect.js";

/**
 * Looks, and changes nothing.
 *
 * @param from - where the slice before ended; the replay's own first position in the beginning.
 * @param maxBytes - of deliveries as the log counts them; one always has room.
 */
export function readReplay(state: State, order: Replay, from: number, maxBytes: number): ReplaySlice {
  const { topic: name, epoch, last } = order;
  const topic = state.topics.find(name);
  // A topic that was forgotten has taken its log with it, whether or not it has come back.
  const deliveries = topic?.epoch === epoch ? topic.log.after(from - 1, { upTo: last, maxBytes }) : [];
  const begin = deliveries[0]?.sequence ?? last + 1;
  return {
    gap: begin > from ? gapOf(order, from, begin - 1) : undefined,
    deliveries,
    next: (deliveries.at(-1)?.sequence ?? last) + 1,
  };
}

function gapOf({ to, topic }: Replay, from: number, last: number): Gap {
  return { kind: "gap", to, topic, reason: "RETENTION", from, last, lostCount: last - from + 1 };
}
