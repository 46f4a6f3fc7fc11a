import type { sendUnaryData } from "@grpc/grpc-js";
import { CancelRequestRequest, CancelRequestResponse } from "ate-dispatcher-client/internal";
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
        const { requestId } = decodeCold(CancelRequestRequest, call.request);
        return { kind: "cancelRequested", session, requestId };
      },
      (effect) =>
        effect.kind === "cancelled"
          ? CancelRequestResponse.encode({ summary: summary(effect.summary) }).finish()
          : undefined,
    );
  });
}
