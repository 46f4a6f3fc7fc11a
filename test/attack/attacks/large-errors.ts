/**
 * Answers that are errors of 1 MB. An ended request that keeps its errors whole, or keeps a short text that was cut out
 * of a long one without a copy, takes 1 MB for each: 4 GB for a few thousand, some hundred bytes each when compressed.
 */
import { bytesField, concat, numberField, tag, varint } from "../../support/wire-bytes.js";
import type { Attack } from "../attack.js";
import { type PreparedMessage, sharedTail, withTail } from "../attacker/stream.js";
import { call, METHOD } from "./messages.js";
import { onTopic, openProducers } from "./parties.js";

const REQUESTS = 4_000;
const TOPIC = "failing";
const TEXT_BYTES = 1_000_000;
const TAIL = sharedTail(Buffer.alloc(TEXT_BYTES, "e"));

function errors(name: string, what: string, isRemembered: boolean): Attack {
  return {
    name,
    sends: `Produce, gzipped: errors of 1 MB for ${REQUESTS} requests ${what}`,
    async run(attacker) {
      await openProducers(attacker, 1, {
        hello: onTopic(TOPIC),
        onAssignment: (id, stream) => stream.send(errorReply(id)),
      });
      const caller = attacker.connect();
      await attacker.repeat(REQUESTS, 8, (i) => {
        const id = isRemembered ? { requestId: `failed-${i}` } : {};
        return caller.call(METHOD.gather, call({ topic: TOPIC, ttlSeconds: 60, ...id }));
      });
    },
  };
}

/** A reply whose error has the long text. */
function errorReply(assignmentId: string): PreparedMessage {
  let head = concat(numberField(1, 2), tag(2, 2), varint(TEXT_BYTES));
  // Around the status: the error of a Result, the Result of a Reply, the Reply of a message, and the message.
  for (const [field, before] of [
    [3, Buffer.alloc(0)],
    [3, bytesField(1, assignmentId)],
    [1, Buffer.alloc(0)],
    [1, Buffer.alloc(0)],
  ] as const) {
    head = concat(before, tag(field, 2), varint(head.byteLength + TEXT_BYTES), head);
  }
  return withTail(head, TAIL);
}

/** Kept among the recent requests. */
export const largeErrors: Attack = errors("large-errors", "that end", false);

/** Remembered by their ids. */
export const largeErrorsRemembered: Attack = errors(
  "large-errors-remembered",
  "that are remembered by their ids",
  true,
);
