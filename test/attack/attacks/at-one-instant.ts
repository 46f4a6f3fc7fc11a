/**
 * Much that happens at one instant: hundreds of thousands of requests that expire together, or that end because their
 * caller leaves. Each is cheap; done in one step, they hold the loop for seconds.
 */
import type { Attack } from "../attack.js";
import { submission } from "./messages.js";
import { submitInBulk } from "./parties.js";

const REQUESTS = 190_000;
const PER_MESSAGE = 10_000;

export const expireTogether: Attack = {
  name: "expire-together",
  sends: `Submit, gzipped: ${REQUESTS} requests that expire within a moment`,
  async run(attacker) {
    const one = submission("c", { topic: "expiring", ttlSeconds: 6, waits: true });
    await submitInBulk(attacker, { count: REQUESTS, perMessage: PER_MESSAGE, submission: () => one });
    await attacker.wait(7_000);
  },
};

export const callerLeaves: Attack = {
  name: "caller-leaves",
  sends: `Submit, gzipped: ${REQUESTS} gathers of one stream, which is then reset`,
  async run(attacker) {
    const one = submission("c", { topic: "left", ttlSeconds: 3_600, waits: true }, { gather: true });
    const stream = await submitInBulk(attacker, {
      count: REQUESTS,
      perMessage: PER_MESSAGE,
      submission: () => one,
    });
    await attacker.wait(3_000);
    stream.reset();
    await attacker.wait(2_000);
  },
};
