import type { sendUnaryData } from "@grpc/grpc-js";
import { CancelRequestRequest, CancelRequestResponse } from "ate-dispatcher-client/internal";
import type { UnaryCall } from "./call.js";
import { decodeCold } from "./decode-cold.js";
import type { Edge } from "./edge.js";
import { summary } from "./encode-event.js";
import { answerUnary } from "./unary.js";

/** Handles CancelRequest: ends a request and answers how it stood. */
export function cancelRequest(edge: Edge, call: UnaryCall, callback: sendUnaryData<Uint8Array>): void {
  answerUnary(
    edge,
    callback,
    (session) => {
      const { requestId } = decodeCold(CancelRequestRequest, call.request);
      return { kind: "cancelRequested", session, requestId };
    },
    (order) =>
      order.kind === "cancelled"
        ? CancelRequestResponse.encode({ summary: summary(order.summary) }).finish()
        : undefined,
  );
}
