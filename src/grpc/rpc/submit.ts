import type { Input } from "../../core/vocabulary/input.js";
import type { SessionKey } from "../../core/vocabulary/model.js";
import { type BidiCall, sinkOf, subscribe } from "../transport/call.js";
import { decodeSubmit } from "../wire/decode-submit.js";
import type { Edge } from "./edge.js";
import { requestSubmitted } from "./submitted.js";

/** Handles Submit: many dispatches and gathers on one stream. */
export function submit(edge: Edge, call: BidiCall): void {
  const { runtime, options } = edge;
  const bound = {
    maxBytes: options.callerBufferBytes,
    overflow: "SLOW_CALLER",
    endsOnReject: false,
  } as const;
  const session = runtime.openStream(sinkOf(call, edge), bound);
  subscribe(call, edge, {
    session,
    schedule: runtime.schedule,
    message: (message, waitedMs) => runtime.submitAll(inputsOf(edge, session, message, waitedMs)),
    rejected: (refusal) => runtime.submit({ kind: "sessionEnded", session, refusal }),
    halfClosed: () => runtime.submit({ kind: "callerFinished", session }),
    closed: () => runtime.close(session),
  });
  runtime.submit({ kind: "callerOpened", session });
}

function* inputsOf(edge: Edge, session: SessionKey, message: Buffer, waitedMs: number): Generator<Input> {
  const { submissions, cancelRequestIds } = decodeSubmit(message);
  for (const { correlationId, spec, gather, excludeListeners, context } of submissions) {
    yield requestSubmitted(
      {
        session,
        correlationId,
        spec,
        gather,
        excludeListeners,
        validateOnly: false,
        callDeadlineAt: undefined,
        context,
        waitedMs,
      },
      edge,
    );
  }
  for (const requestId of cancelRequestIds) {
    yield { kind: "cancelRequested", session: undefined, requestId };
  }
}
