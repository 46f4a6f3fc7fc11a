/**
 * One wildcard, registered again and again in one message. Each registration is checked, confirmed, and makes the routes
 * of every topic stale; without slices, 1 MB holds the loop for ten seconds.
 */
import type { Attack } from "../attack.js";
import { hello, METHOD, register, registration, times } from "./messages.js";

const ONE = register([registration("*")]);
const COUNT = Math.floor(1_000_000 / ONE.byteLength);

export const registerOneWildcard: Attack = {
  name: "register-one-wildcard",
  sends: `Produce: ${COUNT} registers of one wildcard in one message`,
  async run(attacker) {
    const stream = attacker.connect().open(METHOD.produce);
    stream.send(hello());
    await attacker.wait(200);
    stream.send(times(COUNT, ONE));
    await attacker.untilOver(stream.ended);
  },
};
