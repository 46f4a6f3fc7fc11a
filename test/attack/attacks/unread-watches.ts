/**
 * Watch streams that nobody reads. Each has a queue of events, and each event is made for each of them; the streams count
 * as no sessions, so nothing bounds their number.
 */
import type { Attack } from "../attack.js";
import { call, METHOD } from "./messages.js";
import { connectionsFor } from "./parties.js";

const STREAMS = 9_900;
const REQUESTS = 1_000_000;

function watches(name: string, method: string, message: Buffer): Attack {
  return {
    name,
    sends: `${method.split("/")[1]}: ${STREAMS} Watch streams that are not read, and requests`,
    async run(attacker) {
      const connectionOf = connectionsFor(attacker, STREAMS, { readsNothing: true });
      for (let i = 0; i < STREAMS && attacker.goesOn; i++) {
        void connectionOf(i).call(method, message, { isUnread: true });
        if (i % 100 === 99) await attacker.wait(20);
      }
      const caller = attacker.connect();
      const request = call({ topic: "watched" });
      await attacker.repeat(REQUESTS, 8, () => caller.call(METHOD.dispatch, request));
    },
  };
}

export const unreadWatches: Attack = watches("unread-watches", METHOD.watch, Buffer.alloc(0));

export const unreadHealthWatches: Attack = watches(
  "unread-health-watches",
  METHOD.healthWatch,
  Buffer.alloc(0),
);
