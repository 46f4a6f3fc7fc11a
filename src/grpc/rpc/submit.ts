import type { Input } from "../../core/vocabulary/input.js";
import type { Arrival, MessageInputs } from "../../ports/runtime.js";
import { type BidiCall, subscribeToMessages } from "../transport/call.js";
import { sinkOf } from "../transport/call-sink.js";
import { decodeSubmit } from "../wire/decode-submit.js";
import type { Edge } from "./edge.js";
import { mapInputs } from "./map-inputs.js";
import type { Origin } from "./origin.js";
import { requestSubmitted } from "./submitted.js";

/** Handles Submit: many dispatches and gathers on one stream. */
export function submit(edge: Edge, call: BidiCall): void {
  const { runtime, options } = edge;
  const bound = {
    maxBytes: options.callerBufferBytes,
    overflow: "SLOW_CALLER",
    endsOnReject: false,
    stall: { watchdog: edge.closing, timeoutMs: options.closeTimeoutMs },
  } as const;
  const address = call.getPeer();
  const session = runtime.openStream(sinkOf(call, edge), bound, address);
  const caller = edge.callerOf(call);
  subscribeToMessages(call, edge, {
    session,
    carriesRequests: true,
    message: (message, arrival) => inputsOf(edge, { session, caller }, message, arrival),
    rejected: (refusal) => runtime.submit({ kind: "sessionEnded", session, refusal }),
    halfClosed: () => runtime.submit({ kind: "callerFinished", session }),
    closed: () => runtime.close(session),
  });
  runtime.submit({ kind: "callerOpened", session, peer: address });
}

function inputsOf(
  edge: Edge,
  { session, caller }: Pick<Origin, "session" | "caller">,
  message: Buffer,
  arrival: Arrival,
): MessageInputs {
  return mapInputs(decodeSubmit(message), (decoded): Input | undefined => {
    if (decoded === undefined) return undefined;
    if (typeof decoded === "string") {
      return {
        kind: "cancelRequested",
        session: undefined,
        requestId: decoded,
        requester: caller.principal.id,
      };
    }
    const { correlationId, spec, gather, excludeListeners, context } = decoded;
    return requestSubmitted(
      {
        session,
        peer: undefined,
        caller,
        correlationId,
        spec,
        gather,
        excludeListeners,
        validateOnly: false,
        callDeadlineAt: undefined,
        context,
        waitedMs: arrival.waitedMs,
      },
      edge,
    );
  });
}
