/**
 * Decodes the messages of callers: DispatchRequest, GatherRequest and SubmitRequest. Each Request inside stays verbatim.
 */
import { createHash } from "node:crypto";
import { FIELDS, WireReader } from "ate-dispatcher-client/internal";
import { NO_CONTEXT, type RequestSpec, type TraceContext } from "../../core/vocabulary/model.js";
import { type DecodedRequest, decodeEntry, decodeRequest } from "./decode-request.js";
import { contextValue } from "./trace-context.js";

const { request: DISPATCH_REQUEST_REQUEST, validateOnly: DISPATCH_REQUEST_VALIDATE_ONLY } =
  FIELDS.DISPATCH_REQUEST;
const {
  correlationId: SUBMISSION_CORRELATION_ID,
  request: SUBMISSION_REQUEST,
  gather: SUBMISSION_GATHER,
  excludeListeners: SUBMISSION_EXCLUDE_LISTENERS,
  context: SUBMISSION_CONTEXT,
} = FIELDS.SUBMISSION;
const { submissions: SUBMIT_REQUEST_SUBMISSIONS, cancelRequestIds: SUBMIT_REQUEST_CANCEL_REQUEST_IDS } =
  FIELDS.SUBMIT_REQUEST;

const NO_REQUEST: Buffer = Buffer.alloc(0);
/** After as many skipped fields, decoding lets its caller look at the clock; less than 0.1 ms. */
const SKIPS_PER_YIELD = 1_024;
/** Further entries of a context are skipped. Three of them are forwarded. */
const MAX_CONTEXT_ENTRIES = 64;

/** One request of a Submit stream. */
export interface DecodedSubmission {
  readonly correlationId: string;
  readonly spec: DecodedRequest;
  readonly gather: boolean;
  readonly excludeListeners: boolean;
  readonly context: TraceContext;
}

/** Decodes a DispatchRequest or GatherRequest. The two differ only in the meaning of their flag. */
export function decodeCall(message: Buffer): { readonly spec: DecodedRequest; readonly flag: boolean } {
  let request = NO_REQUEST;
  let more: Buffer[] | undefined;
  let flag = false;
  for (const reader = new WireReader(message); reader.next(); ) {
    if (reader.field === DISPATCH_REQUEST_REQUEST) {
      if (request.length === 0) request = reader.bufferView();
      else more = append(more, reader.bufferView());
    } else if (reader.field === DISPATCH_REQUEST_VALIDATE_ONLY) flag = reader.bool();
    else reader.skip();
  }
  return { spec: decodeRequest(merge(request, more)), flag };
}

/**
 * Decodes a SubmitRequest lazily, so that the submissions before a malformed part are still applied. Yields its
 * submissions, then its cancel_request_ids, wherever they are in the message. Yields undefined once in a while where the
 * message has neither.
 */
export function* decodeSubmit(message: Buffer): Generator<DecodedSubmission | string | undefined> {
  const reader = new WireReader(message);
  let firstCancelAt: number | undefined;
  let skipped = 0;
  for (let begin = 0; reader.next(); begin = reader.at) {
    if (reader.field === SUBMIT_REQUEST_SUBMISSIONS) {
      const outer = reader.enter();
      const submission = decodeSubmission(reader);
      reader.leave(outer);
      yield submission;
      continue;
    }
    if (reader.field === SUBMIT_REQUEST_CANCEL_REQUEST_IDS) firstCancelAt ??= begin;
    reader.skip();
    if (++skipped % SKIPS_PER_YIELD === 0) yield undefined;
  }
  if (firstCancelAt !== undefined) yield* cancelRequestIds(new WireReader(message.subarray(firstCancelAt)));
}

function* cancelRequestIds(reader: WireReader): Generator<string | undefined> {
  for (let skipped = 0; reader.next(); ) {
    if (reader.field === SUBMIT_REQUEST_CANCEL_REQUEST_IDS) yield reader.text();
    else {
      reader.skip();
      if (++skipped % SKIPS_PER_YIELD === 0) yield undefined;
    }
  }
}

/** Decodes the entered Submission up to its end. */
function decodeSubmission(reader: WireReader): DecodedSubmission {
  let correlationId = "";
  let request = NO_REQUEST;
  let more: Buffer[] | undefined;
  let gather = false;
  let excludeListeners = false;
  let context: Map<string, string> | undefined;
  let contextCount = 0;
  while (reader.next()) {
    const { field } = reader;
    if (field === SUBMISSION_CORRELATION_ID) correlationId = reader.ascii();
    else if (field === SUBMISSION_REQUEST) {
      if (request.length === 0) request = reader.bufferView();
      else more = append(more, reader.bufferView());
    } else if (field === SUBMISSION_GATHER) gather = reader.bool();
    else if (field === SUBMISSION_EXCLUDE_LISTENERS) excludeListeners = reader.bool();
    else if (field === SUBMISSION_CONTEXT && ++contextCount <= MAX_CONTEXT_ENTRIES) {
      context ??= new Map();
      const [key, value] = decodeEntry(reader);
      const kept = contextValue(key, value);
      if (kept !== undefined) context.set(key, kept);
    } else reader.skip();
  }
  return {
    correlationId,
    spec: decodeRequest(merge(request, more)),
    gather,
    excludeListeners,
    context: context ? [...context] : NO_CONTEXT,
  };
}

/** Digests a request, to detect that a caller reuses a request_id for a different request; "" without a request_id. */
export function digestOf(spec: RequestSpec, gather: boolean): string {
  if (spec.requestId === "") return "";
  return createHash("sha256")
    .update(gather ? "gather" : "dispatch")
    .update(spec.payload)
    .digest("base64");
}

function append(parts: Buffer[] | undefined, part: Buffer): Buffer[] | undefined {
  if (part.length === 0) return parts;
  if (!parts) return [part];
  parts.push(part);
  return parts;
}

/** Merges an embedded message that occurs several times: protobuf treats it as the concatenation of its parts. */
function merge(first: Buffer, more: readonly Buffer[] | undefined): Buffer {
  return more ? Buffer.concat([first, ...more]) : first;
}
