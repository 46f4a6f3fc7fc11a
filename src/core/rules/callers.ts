/**
 * Sessions of callers, and how they affect requests other than by submitting them: cancelling, finishing, leaving.
 */

import { CALLER_BYTES } from "../state/costs.js";
import { CallerSession } from "../state/session.js";
import type { State } from "../state/state.js";
import { summaryAtEnd } from "../views/summary.js";
import { STREAM_BYTES } from "../vocabulary/held-bytes.js";
import { identityOf } from "../vocabulary/identity.js";
import type { CallerOpened, CancelRequested } from "../vocabulary/input.js";
import { invalid, refusal } from "../vocabulary/reason.js";
import { end, endAsPart } from "./ending.js";
import { requiredIdRule } from "./field-rules.js";
import { accountOf, admitSession, closeIfDone, closeSession, keepSession } from "./sessions.js";
import type { StepContext } from "./step-context.js";

/** Opens a caller's session. */
export function openCaller(state: State, input: CallerOpened, step: StepContext): void {
  const account = accountOf(state, input.peer ?? "");
  const bytes = STREAM_BYTES + CALLER_BYTES;
  const refused = admitSession(state, account, bytes);
  if (refused) {
    step.effects.push({ kind: "close", to: input.session, refusal: refused });
    return;
  }
  const caller = new CallerSession(input.session, { account, at: step.now });
  keepSession(state, caller, bytes);
  state.wheel.set(caller, step.now + state.limits.heartbeatMs);
}

/** Notes that a caller submits no more requests. Its stream ends with its last gather. */
export function finishSubmitting(caller: CallerSession, step: StepContext): void {
  const isClosed = caller.isAging && caller.gathering.size === 0;
  caller.isFinished = true;
  if (!isClosed) closeIfDone(caller, step);
}

/** Ends a caller's session. Requests that no other caller gathers are cancelled. */
export function departCaller(state: State, caller: CallerSession, step: StepContext): void {
  closeSession(state, caller);
  state.work.begin(caller.key, step, function* (step) {
    for (const identity of caller.gathering) {
      const request = state.requests.get(identity);
      if (!request) continue;
      request.removeCaller(caller.key);
      if (!request.hasCallers && request.phase === "GATHERING") {
        yield* endAsPart(state, request, "CANCELLED", step, "CALLER_GONE");
      }
      yield 1;
    }
  });
}

/** Cancels a request, and answers with its summary. */
export function cancelRequest(state: State, input: CancelRequested, step: StepContext): void {
  const { session, requestId, requester = "" } = input;
  const verdict = requiredIdRule("request_id", requestId);
  const pending = verdict ? undefined : state.requests.get(identityOf(requester, requestId));
  if (pending) end(state, pending, "CANCELLED", step);
  if (session === undefined) return;
  const ended = pending ?? (verdict ? undefined : state.remembered.find(requester, requestId));
  if (ended) {
    step.effects.push({ kind: "cancelled", to: session, summary: summaryAtEnd(ended) });
    return;
  }
  const refused = verdict
    ? invalid([verdict], input.kind)
    : refusal("REQUEST_NOT_FOUND", `no request ${requestId} is pending or remembered`, {
        request_id: requestId,
      });
  step.effects.push({ kind: "reject", to: session, correlationId: "", refusal: refused });
}
