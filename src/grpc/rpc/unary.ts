import type { sendUnaryData } from "@grpc/grpc-js";
import type { AddressedEffect } from "../../core/vocabulary/effect.js";
import type { Input } from "../../core/vocabulary/input.js";
import type { SessionKey } from "../../core/vocabulary/model.js";
import { guard } from "../transport/call.js";
import { type GrpcStatus, grpcStatus } from "../wire/status.js";
import type { Edge } from "./edge.js";

/**
 * Answers a unary call: submits one input to the core, and answers with the first effect that is a response or a reject.
 *
 * @param inputOf - creates the input for the session of the call.
 * @param responseOf - encodes the response, or returns undefined if the effect is not the response.
 */
export function answerUnary(
  { runtime, logger }: Edge,
  callback: sendUnaryData<Uint8Array>,
  inputOf: (session: SessionKey) => Input,
  responseOf: (effect: AddressedEffect) => Uint8Array | undefined,
): void {
  let isAnswered = false;
  const fail = (status: GrpcStatus): void => {
    if (isAnswered) return;
    isAnswered = true;
    callback(status);
  };
  guard(logger, fail, () => {
    const session = runtime.openCall((effect) => {
      if (isAnswered || effect.kind === "deliver" || effect.kind === "summarize") return;
      if (effect.kind === "reject") {
        fail(grpcStatus(effect.refusal));
        return;
      }
      const response = responseOf(effect);
      if (!response) return;
      isAnswered = true;
      callback(null, response);
    });
    try {
      runtime.submit(inputOf(session));
    } finally {
      runtime.close(session);
    }
  });
}
