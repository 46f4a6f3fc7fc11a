/**
 * Empty Deregister messages of a producer with thousands of registrations, beside one watcher. If each message makes a
 * full view of the producer for the watcher, 80 kB hold the loop for a minute and take gigabytes.
 */
import type { Attack } from "../attack.js";
import { METHOD, producerMessage, times } from "./messages.js";
import { openProducers, registrations } from "./parties.js";

const REGISTRATIONS = 10_000;
const COUNT = 20_000;

export const deregisterWithWatcher: Attack = {
  name: "deregister-with-watcher",
  sends: `Produce: ${COUNT} empty deregisters of a producer with ${REGISTRATIONS} registrations, and one watcher`,
  async run(attacker) {
    const watch = attacker.connect().open(METHOD.watch);
    watch.send(Buffer.alloc(0));
    watch.finish();
    const [producer] = await openProducers(attacker, 1, {
      hello: () => ({ registrations: registrations(REGISTRATIONS, "watched.") }),
    });
    producer?.send(times(COUNT, producerMessage(4, Buffer.alloc(0))));
    await attacker.untilOver(producer?.ended ?? Promise.resolve());
  },
};
