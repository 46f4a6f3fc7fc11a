/**
 * Listeners that ask for the largest buffer and read nothing, each on a topic of its own, so that no two of them wait for
 * the same payload: a hundred buffers of 64 MiB are 6.4 GB.
 */
import type { Attack } from "../attack.js";
import { prepared } from "../attacker/stream.js";
import { call, listen, METHOD, reply } from "./messages.js";
import { onTopic, openProducers } from "./parties.js";

const LISTENERS = 100;
const BUFFER_BYTES = 64 * 1_024 * 1_024;
const ROUNDS = 64;
/** Results that are sent before the attacker waits for the server. */
const RESULTS_PER_WAIT = 4;

export const listenerBuffersApart: Attack = {
  name: "listener-buffers-apart",
  sends: `Listen: ${LISTENERS} topics, each with a buffer of 64 MiB that is not read; ${ROUNDS} results of 1 MB for each, gzipped`,
  async run(attacker) {
    const unread = attacker.connect({ readsNothing: true });
    for (let i = 0; i < LISTENERS; i++) {
      const listener = unread.open(METHOD.listen, { isUnread: true });
      listener.send(listen(`a${i}`, [`apart.${i}`], { bufferBytes: BUFFER_BYTES }));
      listener.finish();
    }
    const ids: string[] = [];
    const [producer] = await openProducers(attacker, 1, {
      hello: onTopic("apart.*"),
      onAssignment: (id) => ids.push(id),
    });
    const caller = attacker.connect();
    for (let i = 0; i < LISTENERS; i++) {
      await caller.call(METHOD.dispatch, call({ topic: `apart.${i}`, ttlSeconds: 600 }));
    }
    await attacker.until("the assignments", () => ids.length === LISTENERS);
    const results = ids.map((id) => prepared(reply(id, Buffer.alloc(1_000_000), true), true));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, result] of results.entries()) {
        if (!attacker.goesOn) return;
        producer?.send(result);
        if (i % RESULTS_PER_WAIT === 0) await attacker.wait(10);
      }
    }
    await attacker.wait(1_000);
  },
};
