/**
 * Watch streams that nobody reads. Each has a queue of events, and each event is made for each of them; the streams count
 * as no sessions, so nothing bounds their number.
 */
import type { Attack } from "../attack.js";
import { call, METHOD } from "./messages.js";
import { openRawStreams } from "./parties.js";

const STREAMS = 9_900;
const REQUESTS = 1_000_000;

function watches(name: string, method: string): Attack {
  return {
    name,
    sends: `${STREAMS} Watch streams of ${method.split("/")[1]} that are not read, and requests`,
    async run(attacker) {
      await openRawStreams(attacker, STREAMS, method, {
        message: Buffer.alloc(0),
        isEnded: true,
        readsNothing: true,
      });
      const caller = attacker.connect();
      const request = call({ topic: "watched" });
      await attacker.repeat(REQUESTS, 8, () => caller.call(METHOD.dispatch, request));
    },
  };
}

export const unreadWatches: Attack = watches("unread-watches", METHOD.watch);

export const unreadHealthWatches: Attack = watches("unread-health-watches", METHOD.healthWatch);
