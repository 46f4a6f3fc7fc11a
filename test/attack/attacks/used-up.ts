/**
 * One peer uses up what all share: the pending requests, topics or sessions of the process. Each is cheap to make, lasts as
 * long as the peer likes, and locks everybody else out.
 */
import type { Attack } from "../attack.js";
import { METHOD } from "./messages.js";
import { openProducers, openRawStreams, registrations, submitWaiting } from "./parties.js";

const PENDING = 200_000;
const ROUNDS = 2;
const SESSIONS = 49_500;
const TOPIC_SESSIONS = 20;
const TOPICS_OF_SESSION = 10_000;

export const pendingUsedUp: Attack = {
  name: "pending-used-up",
  sends: `Submit, gzipped: ${PENDING} requests that wait for an hour`,
  isQuick: true,
  async run(attacker) {
    // An overloaded server rejects some of them, so the attacker fills up.
    for (let round = 0; round < ROUNDS; round++) await submitWaiting(attacker, PENDING);
    await attacker.wait(2_000);
  },
};

export const topicsUsedUp: Attack = {
  name: "topics-used-up",
  sends: `Produce, gzipped: ${TOPIC_SESSIONS} sessions with ${TOPICS_OF_SESSION} topics each`,
  async run(attacker) {
    await openProducers(attacker, TOPIC_SESSIONS, {
      hello: (i) => ({ registrations: registrations(TOPICS_OF_SESSION, `s${i}.`) }),
    });
    await attacker.wait(2_000);
  },
};

export const sessionsUsedUp: Attack = {
  name: "sessions-used-up",
  sends: `Submit: ${SESSIONS} streams without a message, on 50 connections`,
  async run(attacker) {
    await openRawStreams(attacker, SESSIONS, METHOD.submit);
    await attacker.wait(2_000);
  },
};
