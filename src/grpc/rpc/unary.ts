import type { sendUnaryData } from "@grpc/grpc-js";
import type { AddressedEffect } from "../../core/vocabulary/effect.js";
import type { Input } from "../../core/vocabulary/input.js";
import type { SessionKey } from "../../core/vocabulary/model.js";
import { guard, onCancelled, type UnaryCall } from "../transport/call.js";
import { CallPeer } from "../transport/call-peer.js";
import type { Refused } from "../wire/decode-cold.js";
import { type GrpcStatus, grpcStatus } from "../wire/status.js";
import type { Edge } from "./edge.js";

/**
 * Answers a unary call: submits one input to the core, and answers with the first effect that is a response or a reject.
 * The core may take several turns of the event loop until then.
 *
 * @param inputOf - creates the input for the session of the call, or says why the call is refused.
 * @param responseOf - encodes the response, or returns undefined if the effect is not the response.
 */
export function answerUnary(
  { runtime, logger, unreadRefusalOf }: Edge,
  call: UnaryCall,
  callback: sendUnaryData<Uint8Array>,
  inputOf: (session: SessionKey) => Input | Refused,
  responseOf: (effect: AddressedEffect) => Uint8Array | undefined,
): void {
  let isAnswered = false;
  /** Closes the session; set while the call waits for its answer. */
  let stopWaiting = (): void => undefined;
  const answer = (...args: Parameters<typeof callback>): void => {
    isAnswered = true;
    stopWaiting();
    callback(...args);
  };
  const fail = (status: GrpcStatus): void => {
    if (!isAnswered) answer(status);
  };
  const handle = (effect: AddressedEffect): void => {
    if (effect.kind === "reject") {
      fail(grpcStatus(effect.refusal));
      return;
    }
    const response = responseOf(effect);
    if (response) answer(null, response);
  };
  let isDeferred = false;
  guard(logger, fail, () => {
    const unread = unreadRefusalOf(call);
    if (unread) {
      fail(grpcStatus(unread));
      return;
    }
    const session = runtime.openCall(new CallPeer(runtime.ledger, call), (effect) => {
      if (isAnswered || effect.kind === "deliver" || effect.kind === "summarize") return;
      if (isDeferred) guard(logger, fail, () => handle(effect));
      else handle(effect);
    });
    try {
      const input = inputOf(session);
      if ("kind" in input) runtime.submit(input);
      else fail(grpcStatus(input.refused));
      isDeferred = !isAnswered;
    } finally {
      if (!isDeferred) runtime.close(session);
    }
    if (!isDeferred) return;
    stopWaiting = () => runtime.close(session);
    onCancelled(call, stopWaiting);
  });
}
