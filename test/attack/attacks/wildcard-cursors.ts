/**
 * Updates of a listener that add one wildcard, again and again, beside thousands of topics. Each update of a few bytes is
 * answered with a cursor for each topic: half a megabyte.
 */
import { bytesField } from "../../support/wire-bytes.js";
import type { Attack } from "../attack.js";
import { prepared } from "../attacker/stream.js";
import { listen, METHOD } from "./messages.js";
import { openProducers, registrations } from "./parties.js";

const TOPICS = 10_000;
const UPDATES = 50_000;

export const wildcardCursors: Attack = {
  name: "wildcard-cursors",
  sends: `Subscribe: ${UPDATES} updates that add one wildcard, beside ${TOPICS} topics`,
  async run(attacker) {
    await openProducers(attacker, 1, { hello: () => ({ registrations: registrations(TOPICS, "c.") }) });
    const stream = attacker.connect().open(METHOD.subscribe);
    stream.send(bytesField(1, listen("cursors", [])));
    await attacker.wait(200);
    const update = prepared(bytesField(2, bytesField(1, "c.*")));
    for (let i = 0; i < UPDATES && attacker.goesOn && stream.isOpen; i++) {
      await stream.sendInTurn(update);
      if (i % 1_000 === 999) await attacker.wait(1);
    }
    await attacker.wait(1_000);
  },
};
