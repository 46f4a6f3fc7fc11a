/**
 * A call that adds thousands of patterns to a listener beside thousands of topics. The patterns are all ways to replace
 * tokens of the topics by wildcards, so every pattern covers every topic. If each pattern is compared with each topic,
 * one call of 130 kB holds the loop for minutes.
 */
import type { Attack } from "../attack.js";
import { listen, METHOD, updateListener } from "./messages.js";
import { openProducers, registrations } from "./parties.js";

const TOPICS = 4_000;
/** Tokens that all topics share. */
const SHARED = 12;
const PATTERNS = 2 ** SHARED;

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
    const add = Array.from({ length: PATTERNS }, (_, i) => pattern(i));
    await attacker.untilOver(connection.call(METHOD.updateListener, updateListener("attacker", { add })));
  },
};

/** A pattern with a wildcard for each bit of a number, and for the last token. */
function pattern(bits: number): string {
  const tokens = Array.from({ length: SHARED }, (_, i) => ((bits >> i) & 1 ? "*" : "a"));
  return [...tokens, "*"].join(".");
}
