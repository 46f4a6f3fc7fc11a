/**
 * Listeners that ask for the largest buffer and read nothing. Each is in a group of its own, so each delivery is encoded
 * for each of them: a hundred buffers of 64 MiB are 6.4 GB.
 */
import { bytesField, concat } from "../../support/wire-bytes.js";
import type { Attack } from "../attack.js";
import { prepared } from "../attacker/stream.js";
import { call, listen, METHOD, reply } from "./messages.js";
import { onTopic, openProducers } from "./parties.js";

const LISTENERS = 100;
const BUFFER_BYTES = 64 * 1_024 * 1_024;
const RESULTS = 64;
const TOPIC = "buffered";

export const largeListenerBuffers: Attack = {
  name: "large-listener-buffers",
  sends: `Listen: ${LISTENERS} buffers of 64 MiB that are not read; ${RESULTS} results of 1 MB, gzipped`,
  async run(attacker) {
    const unread = attacker.connect({ readsNothing: true });
    for (let i = 0; i < LISTENERS; i++) {
      const listener = unread.open(METHOD.listen, { isUnread: true });
      listener.send(concat(listen(`b${i}`, [TOPIC], { bufferBytes: BUFFER_BYTES }), bytesField(8, `g${i}`)));
      listener.finish();
    }
    const ids: string[] = [];
    const [producer] = await openProducers(attacker, 1, {
      hello: onTopic(TOPIC),
      onAssignment: (id) => ids.push(id),
    });
    await attacker.connect().call(METHOD.dispatch, call({ topic: TOPIC, ttlSeconds: 600 }));
    await attacker.until("the assignment", () => ids.length > 0);
    const result = prepared(reply(ids[0] ?? "", Buffer.alloc(1_000_000), true), true);
    for (let i = 0; i < RESULTS && attacker.goesOn; i++) {
      producer?.send(result);
      await attacker.wait(50);
    }
    await attacker.wait(1_000);
  },
};
