/**
 * Requests whose selector names a thousand ids, on a topic of a thousand producers. If each producer is looked up in the
 * list, a request of 10 kB, compressed to nothing, costs a million comparisons.
 */
import { bytesField, concat } from "../../support/wire-bytes.js";
import type { Attack } from "../attack.js";
import { prepared } from "../attacker/stream.js";
import { METHOD, registration, submission } from "./messages.js";
import { openProducers } from "./parties.js";

const PRODUCERS = 990;
const IDS = 1_000;
const PER_MESSAGE = 60;
const MESSAGES = 200;
const TOPIC = "chosen";

export const selectorsOfIds: Attack = {
  name: "selectors-of-ids",
  sends: `Submit, gzipped: ${PER_MESSAGE} requests a message that select among ${PRODUCERS} producers by ${IDS} ids`,
  async run(attacker) {
    await openProducers(attacker, PRODUCERS, {
      hello: (i) => ({ producerId: `prefix-${i}`, registrations: [registration(TOPIC)] }),
    });
    const ids = Array.from({ length: IDS }, (_, i) => bytesField(1, `prefix-none-${i}`));
    const one = submission("c", { topic: TOPIC, selector: concat(...ids) });
    const message = prepared(concat(...Array.from({ length: PER_MESSAGE }, () => one)), true);
    const stream = attacker.connect().open(METHOD.submit, { gzip: true });
    for (let i = 0; i < MESSAGES && attacker.goesOn && stream.isOpen; i++) {
      await stream.sendInTurn(message);
      await attacker.wait(10);
    }
    await attacker.wait(2_000);
  },
};
