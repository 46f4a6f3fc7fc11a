/**
 * Requests with a selector of 1 MB. Compressed, a thousand ids of a thousand equal characters are 1 KiB. Kept for a
 * request that waits, or that is remembered by its id, 5 MiB on the wire take 5 GB.
 */
import { bytesField, concat, tag, varint } from "../../support/wire-bytes.js";
import type { Attack } from "../attack.js";
import { type PreparedMessage, sharedTail, withTail } from "../attacker/stream.js";
import { METHOD, type RequestFields, request } from "./messages.js";

const REQUESTS = 5_000;
const SELECTOR = bytesField(
  10,
  concat(...Array.from({ length: 990 }, () => bytesField(1, "x".repeat(1_000)))),
);
const TAIL = sharedTail(SELECTOR);

function selectors(name: string, what: string, isWaiting: boolean): Attack {
  return {
    name,
    sends: `Dispatch, gzipped: ${REQUESTS} requests with a selector of 1 MB, ${what}`,
    isQuick: isWaiting,
    async run(attacker) {
      const caller = attacker.connect();
      await attacker.repeat(REQUESTS, 16, (i) => {
        const kept = isWaiting ? { waits: true } : { requestId: `remembered-${i}` };
        const message = selected({ topic: "selected", ttlSeconds: 3_600, ...kept });
        return caller.call(METHOD.dispatch, message, { gzip: true });
      });
    },
  };
}

/** A DispatchRequest with the large selector. */
function selected(fields: RequestFields): PreparedMessage {
  const begin = request(fields);
  return withTail(concat(tag(1, 2), varint(begin.byteLength + TAIL.byteLength), begin), TAIL);
}

/** Held for their TTL. */
export const largeSelectors: Attack = selectors("large-selectors", "which wait", true);

/** Ended at once, because there are no producers, and remembered by their id. */
export const largeSelectorsRemembered: Attack = selectors(
  "large-selectors-remembered",
  "which end and are remembered",
  false,
);
