/**
 * A message of empty submissions. Each is decoded, rejected for its empty fields and answered with a status of hundreds
 * of bytes: without slices, the loop is held until the last, for nine seconds.
 */
import type { Attack } from "../attack.js";
import { METHOD, times } from "./messages.js";

const COUNT = 500_000;
const EMPTY = Buffer.from([0x0a, 0x00]);

export const submitEmptySubmissions: Attack = {
  name: "submit-empty-submissions",
  sends: `Submit: ${COUNT} empty submissions in one message`,
  async run(attacker) {
    const stream = attacker.connect().open(METHOD.submit);
    stream.send(times(COUNT, EMPTY));
    await attacker.untilOver(stream.ended);
  },
};

export const submitUnknownCancels: Attack = {
  name: "submit-unknown-cancels",
  sends: `Submit: ${COUNT} empty cancel_request_ids in one message`,
  async run(attacker) {
    const stream = attacker.connect().open(METHOD.submit);
    stream.send(times(COUNT, Buffer.from([0x12, 0x00])));
    await attacker.untilOver(stream.ended);
  },
};
