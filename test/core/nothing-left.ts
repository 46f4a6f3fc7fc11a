/**
 * What a dispatcher may keep when all sessions have ended and every retention time has passed: the records of requests that
 * ended last, which are charged to no peer.
 */
import type { Dispatcher } from "../../src/core/dispatcher.js";
import { PendingRequest } from "../../src/core/state/pending-request.js";
import { Session } from "../../src/core/state/session.js";
import type { State } from "../../src/core/state/state.js";

/**
 * Fields that are not empty, with what bounds them: the records, in a ring and in the order of all requests, by number and
 * bytes; audiences, which refer to no session, by their size; the patterns that changed last, by number.
 */
const BOUNDED = ["remembered.ended", "listed", "router.audiences.index", "router.recent"];

/**
 * Throws if counts, bytes, deadlines, unfinished work, entries of any table, sessions or requests are left.
 *
 * It visits everything that the state refers to, so that a table that is added later is checked, too.
 */
export function checkNothingLeft(dispatcher: Dispatcher): void {
  const { counts, held } = dispatcher.snapshot();
  const state = stateOf(dispatcher);
  const records = state.remembered["ended"];
  const left: Record<string, unknown> = {
    ...counts,
    peers: held.peers,
    peerBytes: held.peerBytes,
    ...Object.fromEntries(Object.entries(state.ledger.totals).map(([what, total]) => [`all ${what}`, total])),
    commonBytesBesideRecords: held.commonBytes - records["bytes"],
    listedBesideRecords: state.listed.size - records["count"],
    unfinishedWork: state.work.size,
    isSettling: Number(state.isSettling),
    isSweeping: Number(state.isSweeping),
    ...tablesAndSessions(state),
  };
  const found = Object.entries(left).filter(([, what]) => what !== 0);
  if (found.length > 0) throw new Error(`left at the end: ${JSON.stringify(found)}`);
  const deadline = dispatcher.nextDeadline();
  if (deadline !== Number.POSITIVE_INFINITY) throw new Error(`a deadline is left, at ${deadline}`);
}

/** The state of a dispatcher, which no user can see. */
export function stateOf(dispatcher: Dispatcher): State {
  return dispatcher["state"];
}

/** The number of entries of every map and set, and the kind of each session and request, by the path to it. */
function tablesAndSessions(state: State): Record<string, number | string> {
  const found: Record<string, number | string> = {};
  const seen = new Set<object>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    if (ArrayBuffer.isView(value) || BOUNDED.includes(path)) return;
    seen.add(value);
    if (value instanceof Session || value instanceof PendingRequest) found[path] = value.constructor.name;
    if (value instanceof Map || value instanceof Set) found[path] = value.size;
    const fields =
      value instanceof Map || value instanceof Set ? [...value].entries() : Object.entries(value);
    for (const [name, field] of fields) visit(field, path === "" ? String(name) : `${path}.${name}`);
  };
  visit(state, "");
  return found;
}
