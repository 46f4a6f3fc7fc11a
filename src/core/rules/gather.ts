/**
 * Decides when a gather ends. Pure functions: they change no state.
 */

import type { PendingRequest } from "../state/pending-request.js";
import { isGoalMet } from "../views/summary.js";
import type { EndReason, Instant } from "../vocabulary/model.js";

/**
 * Why a gather ends now; undefined if it continues.
 *
 * The goal is checked before the exhaustion of the targets: if the last answer needed is also the last one possible,
 * the reason is POLICY_MET.
 */
export function endReason(request: PendingRequest): EndReason | undefined {
  if (request.isHeld) return undefined;
  if (request.completion.until.kind !== "all" && isGoalMet(request)) return "POLICY_MET";
  return request.settledCount === request.assignments.length ? "ALL_ANSWERED" : undefined;
}

/** When the request is next due: at the end of its TTL, or earlier at its stall timeout. */
export function dueAt(request: PendingRequest, lastResultAt: Instant | undefined): Instant {
  const stallMs = request.completion.stallTimeoutMs;
  if (typeof stallMs !== "number" || lastResultAt === undefined) return request.deadlineAt;
  return Math.min(request.deadlineAt, lastResultAt + stallMs);
}
