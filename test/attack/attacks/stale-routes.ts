/**
 * Routes that are computed again for each request: a wildcard that is registered and removed makes all routes stale, and
 * patterns that all cover one topic make each computation long.
 */

import { COVERED_TOPIC, ownCoveringPatterns } from "../../support/covering-patterns.js";
import { bytesField, concat } from "../../support/wire-bytes.js";
import type { Attack } from "../attack.js";
import { call, METHOD, producerMessage, register, registration } from "./messages.js";
import { openProducers } from "./parties.js";

const PATTERNS = 4_096;
const ROUNDS = 100_000;

function stale(name: string, groupOf: (pattern: number) => string, what: string): Attack {
  return {
    name,
    sends: `Produce: a wildcard registered and removed between requests, beside ${PATTERNS} patterns ${what}`,
    async run(attacker) {
      const patterns = ownCoveringPatterns(PATTERNS).map((pattern, i) => registration(pattern, groupOf(i)));
      await openProducers(attacker, 1, { hello: () => ({ registrations: patterns }) });
      const [churning] = await openProducers(attacker, 1, { hello: () => ({}) });
      const churn = concat(register([registration("zz.*")]), producerMessage(4, bytesField(1, "zz.*")));
      const caller = attacker.connect();
      const request = call({ topic: COVERED_TOPIC });
      await attacker.repeat(ROUNDS, 16, () => {
        churning?.send(churn);
        return caller.call(METHOD.dispatch, request);
      });
    },
  };
}

export const staleRoutes: Attack = stale("stale-routes", () => "", "that match");

/** A group keeps its position when the routes are computed again, so each is looked up among those before. */
export const staleGroups: Attack = stale("stale-groups", (i) => `g${i}`, "of as many groups");
