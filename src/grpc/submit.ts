import type { SessionKey } from "../core/model.js";
import { type BidiCall, sinkOf, subscribe } from "./call.js";
import { decodeSubmit } from "./decode-submit.js";
import type { Edge } from "./edge.js";
import { requestSubmitted } from "./submitted.js";

/** Handles Submit: many dispatches and gathers on one stream. */
export function submit(edge: Edge, call: BidiCall): void {
  const { runtime, logger, options } = edge;
  const bound = {
    maxBytes: options.callerBufferBytes,
    overflow: "SLOW_CALLER",
    endsOnReject: false,
  } as const;
  const session = runtime.openStream(sinkOf(call), bound);
  subscribe(call, logger, {
    message: (message) => take(edge, session, message),
    refused: (refused) => runtime.end(session, refused),
    halfClosed: () => runtime.submit({ kind: "callerFinished", session }),
    closed: () => runtime.close(session),
  });
  runtime.submit({ kind: "callerOpened", session });
}

function take({ runtime, clock }: Edge, session: SessionKey, message: Buffer): void {
  const { submissions, cancelRequestIds } = decodeSubmit(message);
  for (const submission of submissions) {
    const call = { session, validateOnly: false, callDeadlineAt: undefined };
    runtime.submit(requestSubmitted({ ...submission, ...call }, clock));
  }
  for (const requestId of cancelRequestIds) {
    runtime.submit({ kind: "cancelRequested", session: undefined, requestId });
  }
}
