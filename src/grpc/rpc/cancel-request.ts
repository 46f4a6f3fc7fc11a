import type { sendUnaryData } from "@grpc/grpc-js";
import { CancelRequestRequest, CancelRequestResponse } from "ate-dispatcher-client/internal";
import type { Caller } from "../../core/vocabulary/principal.js";
import { type Refusal, refusal } from "../../core/vocabulary/reason.js";
import { takeTurn, type UnaryCall } from "../transport/call.js";
import { decodeCold } from "../wire/decode-cold.js";
import { summary } from "../wire/encode-event.js";
import type { Edge } from "./edge.js";
import { answerUnary } from "./unary.js";

/** Handles CancelRequest: ends a request and returns its summary. */
export function cancelRequest(edge: Edge, call: UnaryCall, callback: sendUnaryData<Uint8Array>): void {
  takeTurn(edge.runtime, call, () => {
    answerUnary(
      edge,
      call,
      callback,
      (session) => {
        const { requestId, principal } = decodeCold(CancelRequestRequest, call.request);
        const caller = edge.callerOf(call);
        const requester = principal || caller.principal.id;
        const refused =
          requester === caller.principal.id
            ? undefined
            : othersRefusal(edge, caller, { requestId, requester });
        return refused ? { refused } : { kind: "cancelRequested", session, requestId, requester };
      },
      (effect) =>
        effect.kind === "cancelled"
          ? CancelRequestResponse.encode({ summary: summary(effect.summary) }).finish()
          : undefined,
    );
  });
}

/**
 * Why a caller may not cancel another principal's request. One on a topic that the caller may not administer is unknown to
 * the caller, so that nobody learns which requests others have.
 */
function othersRefusal(
  { runtime }: Edge,
  { rights }: Caller,
  { requestId, requester }: { readonly requestId: string; readonly requester: string },
): Refusal | undefined {
  if (!rights.allowsAny("administer")) {
    const message =
      "the policy does not allow administer on any topic; only the request's own principal may cancel it";
    return refusal("NOT_ALLOWED", message, { action: "administer" });
  }
  const topic = runtime.inspector.request(requestId, requester)?.request.topic;
  if (topic === undefined || !rights.refusalOf("administer", topic)) return undefined;
  const message = `no request ${requestId} is pending or remembered`;
  return refusal("REQUEST_NOT_FOUND", message, { request_id: requestId });
}
