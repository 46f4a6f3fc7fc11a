import type { Invariant } from "./violation.js";

/** H14. */
export const atRest: Invariant = {
  name: "at rest",
  promise: "when all requests and sessions have ended, the server holds no state and exits with code 0",
  *check({ facts }) {
    const quiet = facts.whole.first("quiet");
    const empty = facts.whole.first("empty");
    const exited = facts.whole.first("serverExited");
    if (!quiet || !empty || !exited) {
      yield ["it never got quiet", facts.events.at(-1)];
      return;
    }
    if (quiet.pending + quiet.outstanding + quiet.waiting > 0) yield ["something is still in flight", quiet];
    if (empty.producers + empty.listeners + empty.pending > 0) yield ["somebody is still there", empty];
    if (exited.code !== 0) yield [`the server ended with ${exited.code}`, exited];
    if (exited.complaints.length > 0) yield ["the server complained", exited];
  },
};
