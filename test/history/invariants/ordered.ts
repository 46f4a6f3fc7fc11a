import type { Invariant } from "./violation.js";

/** H1. */
export const ordered: Invariant = {
  name: "ordered",
  promise: "on a stream, the positions of a topic rise within an epoch that the listener knows",
  *check({ segments }) {
    for (const { topic, items, epoch, opened } of segments) {
      let latest = 0;
      for (const item of items) {
        if (item.kind !== "delivered") continue;
        const { sequence, by } = item;
        if (sequence < latest) yield [`${topic}: ${sequence} arrived after ${latest}`, by];
        // A group member cannot resume, so the server does not announce epochs to it.
        const isTold = epoch !== undefined || opened.isResumedByClient || opened.group !== "";
        if (!isTold) yield [`${topic}: the epoch was not announced`, by];
        latest = sequence;
      }
    }
  },
};
