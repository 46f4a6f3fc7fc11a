/**
 * Requests with 24 KB of trace context, remembered by their ids. Compressed, 40 of them are a few kilobytes; kept, 60,000
 * are 1.5 GB, and the texts twice that.
 */
import type { Attack } from "../attack.js";
import { submission } from "./messages.js";
import { submitInBulk } from "./parties.js";

const REQUESTS = 60_000;
const VALUE = "x".repeat(8_000);
const CONTEXT = { traceparent: VALUE, tracestate: VALUE, baggage: VALUE };

export const traceContext: Attack = {
  name: "trace-context",
  sends: `Submit, gzipped: ${REQUESTS} requests with 24 KB of trace context, remembered by their ids`,
  async run(attacker) {
    await submitInBulk(attacker, {
      count: REQUESTS,
      perMessage: 40,
      submission: (i) => submission("c", { topic: "traced", requestId: `t-${i}` }, { context: CONTEXT }),
    });
    await attacker.wait(1_000);
  },
};
