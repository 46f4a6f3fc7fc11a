/**
 * A burst of requests of 1 MB to producers on slow links, which read as fast as they can. If what does not fit into their
 * queues disconnects them, some kilobytes cut every producer of a topic.
 */
import type { Attack } from "../attack.js";
import { prepared } from "../attacker/stream.js";
import { call, METHOD } from "./messages.js";

/** More than the sockets on the way hold, which is up to 20 MB on the loopback interface. */
const REQUESTS = 40;
/** The topic of the scene. */
const TOPIC = "slow.links";

export const slowLinkProducers: Attack = {
  name: "slow-link-producers",
  sends: `Dispatch: ${REQUESTS} gzipped requests of 1 MB to five reading producers on links of 100 Mbit/s`,
  scene: "producers on slow links",
  async run(attacker) {
    const caller = attacker.connect();
    const request = prepared(call({ topic: TOPIC, data: Buffer.alloc(1_000_000), ttlSeconds: 60 }), true);
    await attacker.repeat(REQUESTS, REQUESTS, () => caller.call(METHOD.dispatch, request, { gzip: true }));
    await attacker.wait(4_000);
  },
};
