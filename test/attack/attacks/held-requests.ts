/**
 * Registrations beside many requests that wait for a producer. If each registration looks at each waiting request, or at
 * each of their topics, one batch of registers of a few bytes each holds the loop for minutes.
 */

import { bytesField } from "../../support/wire-bytes.js";
import type { Attack } from "../attack.js";
import { producerMessage, register, registration, submission, times } from "./messages.js";
import { openProducers, submitInBulk } from "./parties.js";

const REQUESTS = 190_000;
const ROUNDS = 1_000;

/** Each waits on a topic of its own, and nobody registers any of them. */
export const heldTopics: Attack = {
  name: "register-beside-held-topics",
  sends: `Produce: ${ROUNDS} registers of another topic, beside ${REQUESTS} requests that wait on as many topics`,
  async run(attacker) {
    await submitInBulk(attacker, {
      count: REQUESTS,
      perMessage: 10_000,
      submission: (i) => submission("c", { topic: `held.${i}`, ttlSeconds: 3_600, waits: true }),
    });
    const [producer] = await openProducers(attacker, 1, { hello: () => ({}) });
    producer?.send(times(ROUNDS, register([registration("another")])));
    await attacker.wait(3_000);
  },
};

/** All wait on one topic, for a producer that another one is not. */
export const heldUnmatched: Attack = {
  name: "register-unmatched",
  sends: `Produce: ${ROUNDS} times a topic on which ${REQUESTS} requests wait for another producer`,
  async run(attacker) {
    const selector = bytesField(1, "someone-else");
    const one = submission("c", { topic: "held", ttlSeconds: 3_600, waits: true, selector });
    await submitInBulk(attacker, { count: REQUESTS, perMessage: 10_000, submission: () => one });
    const [producer] = await openProducers(attacker, 1, { hello: () => ({}) });
    const round = Buffer.concat([
      register([registration("held")]),
      producerMessage(4, bytesField(1, "held")),
    ]);
    producer?.send(times(ROUNDS, round));
    await attacker.wait(3_000);
  },
};
