/**
 * When a gather ends. Decides only; nothing here changes anything.
 */

import type { PendingRequest } from "../state/pending-request.js";
import { isGoalMet } from "../views/summary.js";
import type { EndReason, Instant } from "../vocabulary/model.js";

/**
 * Says why a gather is over, or undefined if it goes on.
 *
 * The goal comes before the exhaustion of the targets, so that the last answer needed, when it is also the last one
 * possible, reads POLICY_MET.
 */
export function endOf(request: PendingRequest): EndReason | undefined {
  if (request.isHeld) return undefined;
  if (request.completion.until.kind !== "all" && isGoalMet(request)) return "POLICY_MET";
  return request.settledCount === request.assignments.length ? "ALL_ANSWERED" : undefined;
}

/** When the request is next due: at the end of its TTL, or before if it may stall. */
export function dueAt(request: PendingRequest, lastResultAt: Instant | undefined): Instant {
  const stallMs = request.completion.stallTimeoutMs;
  if (typeof stallMs !== "number" || lastResultAt === undefined) return request.deadlineAt;
  return Math.min(request.deadlineAt, lastResultAt + stallMs);
}
