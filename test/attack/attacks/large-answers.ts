/**
 * Small requests with large answers that are accounted to nobody: the acceptance names every producer that is asked, even
 * if nothing is asked; the summary of a remembered gather is sent to everybody who repeats it.
 */
import { concat, numberField } from "../../support/wire-bytes.js";
import type { Attack } from "../attack.js";
import type { Attacker } from "../attacker/attacker.js";
import { call, METHOD, registration, reply } from "./messages.js";
import { openProducers } from "./parties.js";

const PRODUCERS = 990;
const CALLS = 9_000;
const CALLS_OF_CONNECTION = 240;
const TOPIC = "named";

/** Acceptances of 140 KB. */
export const validateOnlyUnread: Attack = {
  name: "validate-only-unread",
  sends: `Dispatch, validate_only: ${CALLS} calls that name ${PRODUCERS} producers, not read`,
  async run(attacker) {
    await openNamed(attacker);
    await callUnread(attacker, METHOD.dispatch, concat(call({ topic: TOPIC }), numberField(2, 1)));
  },
};

/** Summaries of 150 KB. */
export const repeatedGathersUnread: Attack = {
  name: "repeated-gathers-unread",
  sends: `Gather: ${CALLS} repetitions of a gather from ${PRODUCERS} producers that has ended, not read`,
  async run(attacker) {
    await openNamed(attacker);
    const message = call({ topic: TOPIC, requestId: "repeated", ttlSeconds: 30 });
    await attacker.untilOver(attacker.connect().call(METHOD.gather, message));
    await callUnread(attacker, METHOD.gather, message);
  },
};

async function openNamed(attacker: Attacker): Promise<void> {
  await openProducers(attacker, PRODUCERS, {
    hello: (i) => ({
      producerId: `${"n".repeat(120)}${i}`,
      registrations: [registration(TOPIC, "")],
    }),
    onAssignment: (id, stream) => stream.send(reply(id, Buffer.from("x"))),
  });
}

async function callUnread(attacker: Attacker, method: string, message: Buffer): Promise<void> {
  for (let first = 0; first < CALLS && attacker.goesOn; first += CALLS_OF_CONNECTION) {
    const unread = attacker.connect({ readsNothing: true });
    for (let i = 0; i < CALLS_OF_CONNECTION && attacker.goesOn; i++) {
      void unread.call(method, message, { isUnread: true });
      if (i % 50 === 49) await attacker.wait(5);
    }
  }
  await attacker.wait(1_000);
}
