/**
 * Loads of peers that do nothing wrong: they read what they are sent and answer what they are asked. Their requests must
 * all be answered, and what is held for them must be given back.
 */
import { GatherResponse } from "ate-dispatcher-client/internal";
import type { Attack } from "../attack.js";
import type { Attacker } from "../attacker/attacker.js";
import type { Connection } from "../attacker/connection.js";
import { call, METHOD, type RequestFields, reply } from "./messages.js";
import { onTopic, openProducers } from "./parties.js";

const TOPIC = "load";
/** A request without an answer counts after this time. */
const LATE_MS = 10_000;
const ANSWER = Buffer.from("ok");

/** 2 GB pass through the server; a queue of each of the 200 producers holds none of it for long. */
export const largeRequests: Attack = {
  name: "load-large-requests",
  sends: "honest: 10 requests of 1 MB to 200 producers that read and answer",
  async run(attacker) {
    const caller = await answering(attacker, 200);
    const data = Buffer.alloc(1_000_000, "d");
    await attacker.repeat(10, 2, () => gather(attacker, caller, 200, { topic: TOPIC, data }));
  },
};

/** An answered request costs little, however many of them the server remembers. */
export const callerIds: Attack = {
  name: "load-caller-ids",
  sends: "honest: 66,000 requests with ids to 20 producers, on a heap of 256 MiB",
  heapMb: 256,
  seconds: 60,
  async run(attacker) {
    const caller = await answering(attacker, 20);
    await attacker.repeat(66_000, 64, (i) =>
      gather(attacker, caller, 20, { topic: TOPIC, requestId: `honest-load-${i}` }),
    );
  },
};

async function answering(attacker: Attacker, producers: number): Promise<Connection> {
  await openProducers(attacker, producers, {
    hello: onTopic(TOPIC),
    onAssignment: (id, stream) => stream.send(reply(id, ANSWER)),
  });
  return attacker.connect();
}

/** Gathers, and counts the request as answered if all producers have answered. */
async function gather(
  { tally, goesOn }: Attacker,
  caller: Connection,
  producers: number,
  fields: RequestFields,
): Promise<void> {
  if (!goesOn) return;
  let answers = 0;
  const onMessage = (message: Buffer): void => {
    for (const { event } of GatherResponse.decode(message).events) if (event?.$case === "delivery") answers++;
  };
  // Requests that the time limit of the attack cuts do not count; one that takes longer than this does.
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    tally.total++;
  }, LATE_MS);
  const end = await caller.call(METHOD.gather, call({ ttlSeconds: 120, ...fields }), { onMessage });
  clearTimeout(late);
  if (end !== "OK" || answers < producers) tally.tell(`${end} with ${answers} of ${producers} answers`);
  else tally.answered++;
  if (!isLate) tally.total++;
}
