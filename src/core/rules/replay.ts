/**
 * Reads the deliveries that a resuming listener missed, one slice at a time, when its stream has room.
 *
 * Between slices, the server holds only two positions for the replay, not the deliveries. Deliveries that are evicted
 * from the log before they are read become a gap.
 */

import type { State } from "../state/state.js";
import type { Gap, Replay } from "../vocabulary/effect.js";
import type { ReplaySlice } from "../vocabulary/replay-slice.js";

/**
 * Reads the next slice. Changes no state.
 *
 * @param from - `next` of the previous slice; the first position of the replay for the first slice.
 * @param maxBytes - bound on the deliveries' cost, as the log counts it; a slice may always hold one delivery.
 */
export function readReplay(state: State, replay: Replay, from: number, maxBytes: number): ReplaySlice {
  const { topic: name, epoch, last } = replay;
  const topic = state.topics.find(name);
  // Another epoch means that the topic was evicted with its log, even if it exists again.
  const deliveries = topic?.epoch === epoch ? topic.log.after(from - 1, { upTo: last, maxBytes }) : [];
  const begin = deliveries[0]?.sequence ?? last + 1;
  return {
    gap: begin > from ? gapOf(replay, from, begin - 1) : undefined,
    deliveries,
    next: (deliveries.at(-1)?.sequence ?? last) + 1,
  };
}

function gapOf({ to, topic }: Replay, from: number, last: number): Gap {
  return { kind: "gap", to, topic, reason: "RETENTION", from, last, lostCount: last - from + 1 };
}
