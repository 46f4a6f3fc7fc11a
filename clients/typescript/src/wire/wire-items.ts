// The items that nearly all of what a client sends consists of, written straight into the message that waits to be sent.
// wire-items.test.ts holds this file equal to the generated codecs.
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { fieldSize, textSize, type WireWriter } from "../codec/writer.js";
import { SubmitRequest } from "../gen/ate/dispatcher/v1/dispatcher_service.js";
import { FIELDS, TAGS } from "../gen/field-numbers.js";
import type { OutgoingBatch } from "./outgoing-batch.js";
import { NO_ENTRIES } from "./string-map.js";

// Constants of this module, because loading members of the table at each use took a twelfth of the time of encoding.
const { key: MAP_ENTRY_KEY, value: MAP_ENTRY_VALUE } = FIELDS.MAP_ENTRY;
const { reply: PRODUCER_MESSAGE_REPLY } = FIELDS.PRODUCER_MESSAGE;
const { messages: PRODUCE_REQUEST_MESSAGES } = FIELDS.PRODUCE_REQUEST;
const { assignmentId: REPLY_ASSIGNMENT_ID, more: REPLY_MORE, result: REPLY_RESULT } = FIELDS.REPLY;
const { data: RESULT_DATA } = FIELDS.RESULT;
const {
  correlationId: SUBMISSION_CORRELATION_ID,
  request: SUBMISSION_REQUEST,
  gather: SUBMISSION_GATHER,
  excludeListeners: SUBMISSION_EXCLUDE_LISTENERS,
  context: SUBMISSION_CONTEXT,
} = FIELDS.SUBMISSION;
const { submissions: SUBMIT_REQUEST_SUBMISSIONS } = FIELDS.SUBMIT_REQUEST;

/** More than the tags, lengths, flags and correlation id of a submission, in bytes. */
const MAX_SUBMISSION_OVERHEAD_BYTES = 64;

type Entries = readonly (readonly [key: string, value: string])[];

/** A `Submission` whose request is encoded already. */
export interface EncodedSubmission {
  /** The TTL that the request contains, in milliseconds; undefined if it contains none. */
  readonly ttlMs?: number | undefined;
  readonly request: Uint8Array;
  readonly gather: boolean;
  readonly excludeListeners: boolean;
  readonly context: Readonly<Record<string, string>>;
}

/** What a reply brings: bytes that are its data, or a `Result` that is encoded already. */
export interface ReplyContent {
  readonly kind: "data" | "result";
  readonly bytes: Uint8Array;
}

/**
 * Adds a `ProduceRequest` with one reply.
 *
 * @param maxBytes - how large it may be.
 * @returns how large it is, in bytes; if that is too large, nothing was added.
 */
export function pushReply(
  batch: OutgoingBatch,
  assignmentId: string,
  more: boolean,
  { kind, bytes }: ReplyContent,
  maxBytes: number,
): number {
  const idSize = textSize(assignmentId);
  const resultSize = kind === "data" ? fieldSize(bytes.byteLength) : bytes.byteLength;
  const replySize = fieldSize(idSize) + (more ? 2 : 0) + fieldSize(resultSize);
  const messageSize = fieldSize(replySize);
  const size = fieldSize(messageSize);
  if (size > maxBytes) return size;
  const writer = batch.begin(size);
  if (writer === undefined) return size;
  writer.begin(PRODUCE_REQUEST_MESSAGES, messageSize);
  writer.begin(PRODUCER_MESSAGE_REPLY, replySize);
  writer.text(REPLY_ASSIGNMENT_ID, assignmentId, idSize);
  writer.flag(REPLY_MORE, more);
  writer.begin(REPLY_RESULT, resultSize);
  if (kind === "data") writer.bytes(RESULT_DATA, bytes);
  else writer.append(bytes);
  return size;
}

/** Adds a `SubmitRequest` with one submission. */
export function pushSubmission(
  batch: OutgoingBatch,
  correlationId: string,
  submission: EncodedSubmission,
): void {
  const { request, gather, excludeListeners } = submission;
  const context = submission.context === NO_ENTRIES ? undefined : entriesOf(submission.context);
  const idSize = textSize(correlationId);
  let size =
    fieldSize(idSize) + fieldSize(request.byteLength) + (gather ? 2 : 0) + (excludeListeners ? 2 : 0);
  if (context !== undefined) size += contextSize(context);
  const writer = batch.begin(fieldSize(size));
  if (writer === undefined) return;
  writer.begin(SUBMIT_REQUEST_SUBMISSIONS, size);
  writer.text(SUBMISSION_CORRELATION_ID, correlationId, idSize);
  writer.bytes(SUBMISSION_REQUEST, request);
  writer.flag(SUBMISSION_GATHER, gather);
  writer.flag(SUBMISSION_EXCLUDE_LISTENERS, excludeListeners);
  if (context !== undefined) writeContext(writer, context);
}

/** An upper bound of the size of a `SubmitRequest` with one submission, in bytes. */
export function maxSubmissionBytes({ request, context }: EncodedSubmission): number {
  const contextBytes = context === NO_ENTRIES ? 0 : contextSize(entriesOf(context));
  return request.byteLength + contextBytes + MAX_SUBMISSION_OVERHEAD_BYTES;
}

/** A `SubmitRequest` with one cancellation. */
export function writeCancellation(requestId: string): Uint8Array {
  return SubmitRequest.encode({ submissions: [], cancelRequestIds: [requestId] }).finish();
}

/** A `DispatchRequest` (flag: `validate_only`) or `GatherRequest` (flag: `exclude_listeners`); they look alike. */
export function writeRequestCall(request: Uint8Array, flag: boolean): Uint8Array {
  const writer = new BinaryWriter().uint32(TAGS.DISPATCH_REQUEST.request).bytes(request);
  if (flag) writer.uint32(TAGS.DISPATCH_REQUEST.validateOnly).bool(true);
  return writer.finish();
}

/** A caller without types may give numbers; they travel as their text. */
function entriesOf(context: Readonly<Record<string, string>>): Entries {
  return Object.entries(context).map(([key, value]) => [key, String(value)]);
}

function contextSize(context: Entries): number {
  let size = 0;
  for (const entry of context) size += fieldSize(entrySize(entry));
  return size;
}

function writeContext(writer: WireWriter, context: Entries): void {
  for (const entry of context) {
    const [key, value] = entry;
    writer.begin(SUBMISSION_CONTEXT, entrySize(entry));
    writer.text(MAP_ENTRY_KEY, key, textSize(key));
    writer.text(MAP_ENTRY_VALUE, value, textSize(value));
  }
}

function entrySize([key, value]: readonly [string, string]): number {
  return fieldSize(textSize(key)) + fieldSize(textSize(value));
}
