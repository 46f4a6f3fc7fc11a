/**
 * Requests with a selector of 1 MB. Compressed, a thousand ids of a thousand equal characters are 1 KiB. Kept for a
 * request that waits, or that is remembered by its id, 5 MiB on the wire take 5 GB.
 */
import { bytesField, concat } from "../../support/wire-bytes.js";
import type { Attack } from "../attack.js";
import { call, METHOD } from "./messages.js";

const REQUESTS = 5_000;
const SELECTOR = concat(...Array.from({ length: 990 }, () => bytesField(1, "x".repeat(1_000))));

function selectors(name: string, what: string, isWaiting: boolean): Attack {
  return {
    name,
    sends: `Dispatch, gzipped: ${REQUESTS} requests with a selector of 1 MB, ${what}`,
    async run(attacker) {
      const caller = attacker.connect();
      await attacker.repeat(REQUESTS, 16, (i) => {
        const fields = { topic: "selected", selector: SELECTOR, ttlSeconds: 3_600 };
        const kept = isWaiting ? { waits: true } : { requestId: `remembered-${i}` };
        return caller.call(METHOD.dispatch, call({ ...fields, ...kept }), { gzip: true });
      });
    },
  };
}

/** Held for their TTL. */
export const largeSelectors: Attack = selectors("large-selectors", "which wait", true);

/** Ended at once, because there are no producers, and remembered by their id. */
export const largeSelectorsRemembered: Attack = selectors(
  "large-selectors-remembered",
  "which end and are remembered",
  false,
);
