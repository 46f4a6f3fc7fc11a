import { isCovered } from "../covers.js";
import type { Invariant } from "./violation.js";

/** H5. */
export const resumable: Invariant = {
  name: "resumable",
  promise:
    "a listener that resumes continues at its cursor, or first learns that the epoch has changed and hears the new one",
  *check({ facts, segments }) {
    for (const { opened, topic, epoch, base, items } of segments) {
      const from = opened.resumeFrom.find((cursor) => cursor.topic === topic && cursor.epoch === epoch);
      const isFirst = segments.find((s) => s.opened === opened && s.topic === topic)?.base === base;
      // A topic that is added later starts at its current sequence.
      const isHeard = isFirst && opened.group === "" && isCovered(opened.topics, topic);
      if (from && isHeard && base !== from.sequence) {
        yield [`${topic}: resumed after ${from.sequence}, but starts after ${base}`, opened];
      }
      const isResumed = opened.resumeFrom.some((cursor) => cursor.topic === topic);
      const ready = facts.streams.get(opened.stream)?.first("ready");
      const isAtReady = ready?.cursors.some((cursor) => cursor.topic === topic && cursor.epoch === epoch);
      if (isResumed && isAtReady && !from && isHeard && base !== 0) {
        yield [`${topic}: its epoch has changed, but the new one starts after ${base}`, opened];
      }
      for (const item of items) {
        if (item.kind === "delivered" && item.owed)
          yield [`${topic}: changed its epoch without a gap`, item.by];
      }
    }
    for (const story of facts.streams.values()) {
      const opened = story.first("listenerOpened");
      const ready = story.first("ready");
      if (!opened || !ready || opened.isResumedByClient) continue;
      for (const gap of story.all("gap")) {
        if (gap.reason !== "EPOCH_CHANGED") continue;
        const from = opened.resumeFrom.find((cursor) => cursor.topic === gap.topic);
        const now = ready.cursors.find((cursor) => cursor.topic === gap.topic);
        if (!from) yield [`${gap.topic}: a gap although the stream did not resume there`, gap];
        else if (now?.epoch === from.epoch) yield [`${gap.topic}: its epoch has not changed`, gap];
      }
    }
  },
};
