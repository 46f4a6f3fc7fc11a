/**
 * Watchers of a pattern, and a producer with thousands of topics that changes. If each event compares the pattern of each
 * watcher with each topic, a message of a few bytes costs ten million comparisons.
 */
import { bytesField, concat } from "../../support/wire-bytes.js";
import type { Attack } from "../attack.js";
import { METHOD, producerMessage } from "./messages.js";
import { openProducers, openRawStreams, registrations } from "./parties.js";

const WATCHERS = 980;
const TOPICS = 10_000;
const CHANGES = 20;

export const watchPatterns: Attack = {
  name: "watch-patterns",
  sends: `Watch: ${WATCHERS} with a pattern; ${CHANGES} changes of a producer with ${TOPICS} topics`,
  async run(attacker) {
    await openRawStreams(attacker, WATCHERS, METHOD.watch, {
      message: bytesField(1, "*.*.*.none"),
      isEnded: true,
    });
    const [producer] = await openProducers(attacker, 1, {
      hello: () => ({ registrations: registrations(TOPICS, "watched.by.many.") }),
    });
    const change = producerMessage(4, Buffer.alloc(0));
    producer?.send(concat(...Array.from({ length: CHANGES }, () => change)));
    await attacker.wait(2_000);
  },
};
