import type { Metadata } from "@grpc/grpc-js";
import type { RequestSubmitted } from "../../core/vocabulary/input.js";
import type { Instant, SessionKey, TraceContext } from "../../core/vocabulary/model.js";
import { NO_CONTEXT } from "../../core/vocabulary/model.js";
import type { Caller } from "../../core/vocabulary/principal.js";
import { type Refusal, refusal } from "../../core/vocabulary/reason.js";
import type { DecodedRequest } from "../wire/decode-request.js";
import { digestOf } from "../wire/decode-submit.js";
import { maxAssignmentBytes } from "../wire/encode-hot.js";
import { contextValue } from "../wire/trace-context.js";
import type { Edge } from "./edge.js";

/** The parts of a submitted request that depend on the RPC. */
export interface Submission {
  readonly session: SessionKey;
  /** Address of the connection; undefined if the session is a caller's, which knows it. */
  readonly peer: string | undefined;
  readonly caller: Caller;
  readonly correlationId: string | undefined;
  readonly spec: DecodedRequest;
  readonly gather: boolean;
  readonly excludeListeners: boolean;
  readonly validateOnly: boolean;
  readonly callDeadlineAt: Instant | undefined;
  readonly context: TraceContext;
  readonly waitedMs: number;
}

/** Creates the core's input from a submission. */
export function requestSubmitted(submission: Submission, edge: Edge): RequestSubmitted {
  const { spec, gather, caller } = submission;
  const { clock, requestIds } = edge;
  const mintedId = spec.requestId === "" ? requestIds.mint(clock.timeOfDay(clock.now())) : "";
  // The natural way is `{ ...submission }`, but V8 then copies by key, which costs ten times as much for every request.
  // This lists the fields. Compare when Node is updated.
  return {
    kind: "requestSubmitted",
    session: submission.session,
    peer: submission.peer,
    principal: submission.caller.principal.id,
    correlationId: submission.correlationId,
    spec,
    gather,
    excludeListeners: submission.excludeListeners,
    validateOnly: submission.validateOnly,
    callDeadlineAt: submission.callDeadlineAt,
    context: submission.context,
    waitedMs: submission.waitedMs,
    digest: digestOf(spec, gather),
    mintedId,
    refused:
      spec.malformed ??
      caller.rights.refusalOf("request", spec.topic) ??
      limitRefusal(submission, mintedId, edge.options.maxMessageBytes),
  };
}

/** Rejects a request whose assignment its producers could not receive: every one of them would depart in turn. */
function limitRefusal(
  { spec, context, caller }: Submission,
  mintedId: string,
  maxMessageBytes: number,
): Refusal | undefined {
  const bytes = maxAssignmentBytes(
    spec.payload,
    { requestId: spec.requestId || mintedId, requester: caller.principal.id },
    context,
  );
  if (bytes <= maxMessageBytes) return undefined;
  const limit = String(maxMessageBytes);
  const message = `the request has ${spec.payload.length} bytes, and its assignment up to ${bytes}, beyond the limit of ${limit}; send a reference, or raise maxMessageBytes`;
  return refusal("MESSAGE_LIMIT", message, { limit });
}

/** Reads the trace context of a call from its metadata. */
export function contextOf(metadata: Metadata): TraceContext {
  const pairs = Object.entries(metadata.getMap()).flatMap(([key, value]) => {
    const kept = typeof value === "string" ? contextValue(key, value) : undefined;
    return kept === undefined ? [] : [[key, kept] as const];
  });
  return pairs.length === 0 ? NO_CONTEXT : pairs;
}
