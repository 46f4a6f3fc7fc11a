/**
 * Answers that are errors of 1 MB. An ended request that keeps its errors whole, or keeps a short text that was cut out
 * of a long one without a copy, takes 1 MB for each: 4 GB for a few thousand, some hundred bytes each when compressed.
 */
import type { Attack } from "../attack.js";
import { call, errorReply, METHOD } from "./messages.js";
import { onTopic, openProducers } from "./parties.js";

const REQUESTS = 4_000;
const TOPIC = "failing";
const TEXT = "e".repeat(1_000_000);

function errors(name: string, what: string, isRemembered: boolean): Attack {
  return {
    name,
    sends: `Produce, gzipped: errors of 1 MB for ${REQUESTS} requests ${what}`,
    async run(attacker) {
      await openProducers(attacker, 1, {
        hello: onTopic(TOPIC),
        onAssignment: (id, stream) => stream.send(errorReply(id, TEXT)),
      });
      const caller = attacker.connect();
      await attacker.repeat(REQUESTS, 8, (i) => {
        const id = isRemembered ? { requestId: `failed-${i}` } : {};
        return caller.call(METHOD.gather, call({ topic: TOPIC, ttlSeconds: 60, ...id }));
      });
    },
  };
}

/** Kept among the recent requests. */
export const largeErrors: Attack = errors("large-errors", "that end", false);

/** Remembered by their ids. */
export const largeErrorsRemembered: Attack = errors(
  "large-errors-remembered",
  "that are remembered by their ids",
  true,
);
