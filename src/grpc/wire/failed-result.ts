/**
 * Replaces a result that its receivers could not read by a final failure of its assignment. The producer gets the same
 * reason in a Fault.
 */
import { Result, type WireError } from "ate-dispatcher-client/internal";
import type { ResultReturned } from "../../core/vocabulary/input.js";
import type { SessionKey } from "../../core/vocabulary/model.js";
import { excerpt, type Refusal, refusal } from "../../core/vocabulary/reason.js";
import { NestingError } from "./payload-walk.js";
import { rpcStatus } from "./status.js";

/** Maximum size of a delivery without its result, trace context and principals, in bytes. */
const MAX_DELIVERY_FRAME_BYTES = 1_024;
/** Maximum size of the principals of a delivery: that of the producer and that of the requester. */
const MAX_PRINCIPALS_BYTES = 512;

/** The assignment that a reply names: see {@link ResultReturned}. */
export interface RepliedAssignment {
  readonly session: SessionKey;
  readonly assignment: number;
  readonly assignmentText: string | undefined;
}

/**
 * Maximum size of a result whose delivery does not exceed the limit of messages, in bytes.
 *
 * @param principal - of the producer. If it is anonymous, callers are not authenticated, and requesters are anonymous too.
 */
export function maxResultBytes(maxMessageBytes: number, principal: string): number {
  return maxMessageBytes - MAX_DELIVERY_FRAME_BYTES - (principal === "" ? 0 : MAX_PRINCIPALS_BYTES);
}

/** Fails an assignment because its result is malformed. */
export function malformedResult(reply: RepliedAssignment, error: WireError): ResultReturned {
  const description = error instanceof NestingError ? error.message : `is malformed: ${error.message}`;
  return failed(reply, refusal("MALFORMED_RESULT", `the result ${description}`, idOf(reply)));
}

/** Fails an assignment because the delivery of its result would exceed the limit of messages. */
export function largeResult(reply: RepliedAssignment, bytes: number, maxBytes: number): ResultReturned {
  const message = `the result has ${bytes} bytes, and the limit is ${maxBytes}; send a reference, or raise maxMessageBytes`;
  return failed(reply, refusal("MESSAGE_LIMIT", message, { ...idOf(reply), limit: String(maxBytes) }));
}

function failed({ session, assignment, assignmentText }: RepliedAssignment, fault: Refusal): ResultReturned {
  const status = rpcStatus(fault);
  const result = Result.fromPartial({ outcome: { $case: "error", value: status } });
  return {
    kind: "resultReturned",
    session,
    assignment,
    assignmentText,
    more: false,
    failure: { code: status.code, message: status.message },
    payload: Buffer.from(Result.encode(result).finish()),
    fault,
  };
}

function idOf({
  assignment,
  assignmentText = String(assignment),
}: RepliedAssignment): Record<string, string> {
  return { assignment_id: excerpt(assignmentText) };
}
