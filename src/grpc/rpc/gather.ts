import type { SessionKey } from "../../core/vocabulary/model.js";
import type { InputStream } from "../../ports/runtime.js";
import { deadlineOf, fail, guard, type OutgoingCall, subscribe } from "../transport/call.js";
import { sinkOf } from "../transport/call-sink.js";
import { PeerCharge } from "../transport/peer-charge.js";
import { decodeCall } from "../wire/decode-submit.js";
import type { Edge } from "./edge.js";
import { contextOf, requestSubmitted } from "./submitted.js";

type GatherCall = OutgoingCall & { readonly request: Buffer };

/** Handles Gather: scatters a request and streams its acceptance, results and summary. */
export function gather(edge: Edge, call: GatherCall): void {
  const process = (waitedMs: number): void => {
    if (!call.cancelled) processMessage(edge, call, waitedMs);
  };
  edge.runtime.schedule(call.request.byteLength, process, new PeerCharge(edge.runtime.ledger, call));
}

function processMessage(edge: Edge, call: GatherCall, waitedMs: number): void {
  const { runtime, logger, options } = edge;
  guard(
    logger,
    (status) => fail(call, status),
    () => {
      const { spec, flag } = decodeCall(call.request);
      const bound = {
        maxBytes: options.callerBufferBytes,
        overflow: "SLOW_CALLER",
        endsOnReject: true,
        stall: { watchdog: edge.closing, timeoutMs: options.closeTimeoutMs },
      } as const;
      const address = call.getPeer();
      const session = runtime.openStream(sinkOf(call, edge), bound, address);
      subscribe(call, edge, { closed: () => runtime.close(session) });
      runtime.submit({ kind: "callerOpened", session, peer: address });
      const submission = {
        session,
        peer: undefined,
        caller: edge.callerOf(call),
        correlationId: undefined,
        spec,
        gather: true,
        excludeListeners: flag,
        validateOnly: false,
        callDeadlineAt: deadlineOf(call, edge),
        context: contextOf(call.metadata),
        waitedMs,
      };
      runtime.submit(requestSubmitted(submission, edge));
      // The core may continue the request in later turns of the event loop; its end waits behind that.
      runtime.receive(streamOf(edge, call, session), 0, () => {
        runtime.submit({ kind: "callerFinished", session });
        return undefined;
      });
    },
  );
}

/** The receiving side of a Gather, whose only message has been read. */
function streamOf({ logger, runtime }: Edge, call: GatherCall, session: SessionKey): InputStream {
  return {
    session,
    isNew: false,
    carriesRequests: false,
    owner: new PeerCharge(runtime.ledger, call),
    pause: () => undefined,
    resume: () => undefined,
    guard: (run) => guard(logger, (status) => fail(call, status), run),
  };
}
