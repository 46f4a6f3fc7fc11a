import type { sendUnaryData } from "@grpc/grpc-js";
import { DispatchResponse } from "ate-dispatcher-client/internal";
import { deadlineOf, type UnaryCall } from "../transport/call.js";
import { PeerCharge } from "../transport/peer-charge.js";
import { decodeCall } from "../wire/decode-submit.js";
import { acceptance } from "../wire/encode-event.js";
import type { Edge } from "./edge.js";
import { contextOf, requestSubmitted } from "./submitted.js";
import { answerUnary } from "./unary.js";

/** Handles Dispatch: scatters a request, and answers as soon as the request is accepted. */
export function dispatch(edge: Edge, call: UnaryCall, callback: sendUnaryData<Uint8Array>): void {
  const process = (waitedMs: number): void => {
    if (!call.cancelled) processMessage(edge, call, waitedMs, callback);
  };
  edge.runtime.schedule(call.request.byteLength, process, new PeerCharge(edge.runtime.ledger, call));
}

function processMessage(
  edge: Edge,
  call: UnaryCall,
  waitedMs: number,
  callback: sendUnaryData<Uint8Array>,
): void {
  answerUnary(
    edge,
    call,
    callback,
    (session) => {
      const { spec, flag } = decodeCall(call.request);
      return requestSubmitted(
        {
          session,
          peer: call.getPeer(),
          caller: edge.callerOf(call),
          correlationId: undefined,
          spec,
          gather: false,
          excludeListeners: false,
          validateOnly: flag,
          callDeadlineAt: deadlineOf(call, edge),
          context: contextOf(call.metadata),
          waitedMs,
        },
        edge,
      );
    },
    (effect) => {
      if (effect.kind !== "accept") return undefined;
      const accepted = acceptance(effect.acceptance, "", edge.clock);
      return DispatchResponse.encode({ acceptance: accepted }).finish();
    },
  );
}
