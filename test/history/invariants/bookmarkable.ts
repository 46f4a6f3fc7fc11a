import type { Invariant } from "./violation.js";

/** H6. */
export const bookmarkable: Invariant = {
  name: "bookmarkable",
  promise: "no delivery at or below the cursor of a heartbeat comes after it",
  *check({ segments }) {
    for (const { topic, base, items } of segments) {
      let told = base ?? 0;
      for (const item of items) {
        if (item.kind === "mark") told = Math.max(told, item.sequence);
        if (item.kind === "delivered" && item.sequence <= told) {
          yield [`${topic}: ${item.sequence} arrived after a cursor at ${told}`, item.by];
        }
      }
    }
  },
};
