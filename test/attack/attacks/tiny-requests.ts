/**
 * Tiny requests to many producers. Each request is an assignment for each producer, so that twenty bytes cost a thousand
 * objects, which wait in the queues of producers that do not read, or in their backlogs.
 */
import type { Attack } from "../attack.js";
import { submission } from "./messages.js";
import { onTopic, openProducers, submitInBulk } from "./parties.js";

const PRODUCERS = 990;
const REQUESTS = 22_800;
const TOPIC = "tiny";

function tinyRequests(name: string, credit: { maxOutstanding?: number; maxBacklog?: number }): Attack {
  const what = credit.maxBacklog === undefined ? "default" : "largest";
  return {
    name,
    sends: `Submit, gzipped: ${REQUESTS} requests to ${PRODUCERS} unread producers with the ${what} credit`,
    async run(attacker) {
      await openProducers(attacker, PRODUCERS, { hello: onTopic(TOPIC, credit), readsNothing: true });
      const one = submission("c", { topic: TOPIC, ttlSeconds: 3_600 });
      await submitInBulk(attacker, { count: REQUESTS, perMessage: 100, submission: () => one });
      await attacker.wait(1_000);
    },
  };
}

export const tinyRequests1000Producers: Attack = tinyRequests("tiny-requests", {});

/** Waiting assignments are bounded by nothing but the backlog that the producer asked for. */
export const tinyRequestsBacklogs: Attack = tinyRequests("tiny-requests-backlogs", {
  maxOutstanding: 1,
  maxBacklog: 65_536,
});
