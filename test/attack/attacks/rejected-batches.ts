/**
 * Batches in which everything is wrong. Each part has an answer that is longer than itself, and that takes longer to make
 * than to send.
 */
import { bytesField, concat, numberField } from "../../support/wire-bytes.js";
import type { Attack } from "../attack.js";
import { hello, METHOD, producerMessage, times } from "./messages.js";

const MESSAGE_BYTES = 1_000_000;

function rejected(name: string, what: string, one: Buffer, wrap: (all: Buffer) => Buffer): Attack {
  const count = Math.floor(MESSAGE_BYTES / one.byteLength);
  return {
    name,
    sends: `Produce, gzipped: ${count} ${what} in one message`,
    async run(attacker) {
      const stream = attacker.connect().open(METHOD.produce, { gzip: true });
      stream.send(hello({ reportsDispositions: true }));
      await attacker.wait(200);
      stream.send(wrap(times(count, one)));
      await attacker.untilOver(Promise.race([stream.ended, attacker.wait(5_000)]));
    },
  };
}

const asIs = (all: Buffer): Buffer => all;

/** Replies to assignments that do not exist: a fault and a disposition for each. */
export const unknownReplies: Attack = rejected(
  "unknown-replies",
  "replies to unknown assignments",
  producerMessage(1, bytesField(1, "x")),
  asIs,
);

/** Each is a violation of its own. */
export const emptyRegistrations: Attack = rejected(
  "empty-registrations",
  "empty registrations of one Register",
  bytesField(1, Buffer.alloc(0)),
  (all) => producerMessage(3, all),
);

/** Credit that changes, and is used at once. */
export const creditChanges: Attack = rejected(
  "credit-changes",
  "changes of credit",
  concat(
    producerMessage(5, numberField(1, 1)),
    producerMessage(5, numberField(1, 2)),
    producerMessage(5, numberField(1, 70_000)),
  ),
  asIs,
);
