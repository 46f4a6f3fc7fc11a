/**
 * Requests of 1 MB to many producers that read nothing. If the payload is copied into each producer's queue, each request
 * takes 1 GB.
 */
import type { Attack } from "../attack.js";
import { prepared } from "../attacker/stream.js";
import { call, METHOD } from "./messages.js";
import { onTopic, openProducers } from "./parties.js";

const PRODUCERS = 990;
const REQUESTS = 7;
const TOPIC = "large.unread";

export const payloadToUnreadProducers: Attack = {
  name: "payload-to-unread-producers",
  sends: `Dispatch, gzipped: ${REQUESTS} requests of 1 MB to ${PRODUCERS} producers that read nothing`,
  async run(attacker) {
    await openProducers(attacker, PRODUCERS, { hello: onTopic(TOPIC), readsNothing: true });
    const caller = attacker.connect();
    const request = prepared(call({ topic: TOPIC, data: Buffer.alloc(1_000_000), ttlSeconds: 600 }), true);
    await attacker.repeat(REQUESTS, 1, () => caller.call(METHOD.dispatch, request, { gzip: true }));
    await attacker.wait(2_000);
  },
};
