/**
 * A member of a large group departs while many assignments wait for it. All of them go to other members at once; without
 * slices, the departure holds the loop for seconds.
 */
import type { Attack } from "../attack.js";
import { prepared } from "../attacker/stream.js";
import { hello, registration, submission } from "./messages.js";
import { openProducers, submitInBulk } from "./parties.js";

const MEMBERS = 1_000;
const WAITING = 65_536;
const TOPIC = "group.work";

export const groupDeparts: Attack = {
  name: "group-departs",
  sends: `Produce: one of a group of ${MEMBERS} departs with ${WAITING} waiting assignments`,
  async run(attacker) {
    const registrations = [registration(TOPIC, "g")];
    const [first] = await openProducers(attacker, 1, {
      hello: () => ({ registrations, maxOutstanding: 1, maxBacklog: WAITING }),
    });
    const one = submission("c", { topic: TOPIC, ttlSeconds: 600 });
    await submitInBulk(attacker, { count: WAITING + 1, perMessage: 10_000, submission: () => one });
    const member = prepared(hello({ registrations, maxOutstanding: 1 }), true);
    await openProducers(attacker, MEMBERS - 1, { hello: () => member });
    first?.reset();
    await attacker.wait(2_000);
  },
};
