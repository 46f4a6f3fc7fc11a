import type { sendUnaryData } from "@grpc/grpc-js";
import type { AddressedEffect } from "../../core/vocabulary/effect.js";
import type { Input } from "../../core/vocabulary/input.js";
import type { SessionKey } from "../../core/vocabulary/model.js";
import { guard } from "../transport/call.js";
import { type GrpcStatus, grpcStatus } from "../wire/status.js";
import type { Edge } from "./edge.js";

/**
 * Answers a unary call: what it asks goes to the core, and the first order for the call is its answer.
 *
 * @param ask - the input, given the key under which the answer comes.
 * @param answer - the encoded response, or undefined if the order is none.
 */
export function answerUnary(
  { runtime, logger }: Edge,
  callback: sendUnaryData<Uint8Array>,
  ask: (session: SessionKey) => Input,
  answer: (order: AddressedEffect) => Uint8Array | undefined,
): void {
  let isAnswered = false;
  const fail = (status: GrpcStatus): void => {
    if (isAnswered) return;
    isAnswered = true;
    callback(status);
  };
  guard(logger, fail, () => {
    const session = runtime.openCall((order) => {
      if (isAnswered || order.kind === "deliver" || order.kind === "summarize") return;
      if (order.kind === "reject") {
        fail(grpcStatus(order.refusal));
        return;
      }
      const response = answer(order);
      if (!response) return;
      isAnswered = true;
      callback(null, response);
    });
    try {
      runtime.submit(ask(session));
    } finally {
      runtime.close(session);
    }
  });
}
