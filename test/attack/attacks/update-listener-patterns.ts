/**
 * A call that adds thousands of patterns to a listener beside thousands of topics. The patterns replace tokens
 * of the topics by wildcards, so every pattern covers every topic. If each pattern is compared with each topic,
 * one call of 130 kB holds the loop for minutes.
 */
import { ownCoveringPatterns } from "../../support/covering-patterns.js";
import type { Attack } from "../attack.js";
import { listen, METHOD, updateListener } from "./messages.js";
import { openProducers, registrations } from "./parties.js";

const TOPICS = 4_000;
/** Tokens that all topics share. */
const SHARED = 15;
const PATTERNS = 4_096;

export const updateListenerPatterns: Attack = {
  name: "update-listener-patterns",
  sends: `UpdateListener: ${PATTERNS} patterns beside ${TOPICS} topics`,
  isQuick: true,
  async run(attacker) {
    await openProducers(attacker, 1, {
      hello: () => ({ registrations: registrations(TOPICS, "a.".repeat(SHARED)) }),
    });
    const connection = attacker.connect();
    const listener = connection.open(METHOD.listen);
    listener.send(listen("attacker", []));
    listener.finish();
    await attacker.wait(200);
    const add = ownCoveringPatterns(PATTERNS);
    await attacker.untilOver(connection.call(METHOD.updateListener, updateListener("attacker", { add })));
  },
};
