/**
 * Many gathers that join one request and read nothing. Each result is encoded for each of them, so five results of 1 MB
 * take 5 GB.
 */
import type { Attack } from "../attack.js";
import { prepared } from "../attacker/stream.js";
import { call, METHOD, reply } from "./messages.js";
import { connectionsFor, onTopic, openProducers } from "./parties.js";

const GATHERS = 990;
const RESULTS = 5;
const RESULT_BYTES = 1_000_000;
const TOPIC = "joined";

export const gathersUnread: Attack = {
  name: "gathers-unread",
  sends: `Gather: ${GATHERS} that join one request and read nothing; ${RESULTS} results of 1 MB, gzipped`,
  isQuick: true,
  async run(attacker) {
    const ids: string[] = [];
    const [producer] = await openProducers(attacker, 1, {
      hello: onTopic(TOPIC),
      onAssignment: (id) => ids.push(id),
    });
    const connectionOf = connectionsFor(attacker, GATHERS, { readsNothing: true });
    const message = call({ topic: TOPIC, requestId: "shared", ttlSeconds: 600 });
    for (let i = 0; i < GATHERS; i++) void connectionOf(i).call(METHOD.gather, message, { isUnread: true });
    await attacker.until("the assignment", () => ids.length > 0);
    await attacker.wait(500);
    const result = prepared(reply(ids[0] ?? "", Buffer.alloc(RESULT_BYTES), true), true);
    for (let i = 0; i < RESULTS; i++) producer?.send(result);
    await attacker.wait(2_000);
  },
};
