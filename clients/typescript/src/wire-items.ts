// The items that nearly all of what a client sends consists of, written straight into the message that waits to be sent.
// wire-items.test.ts holds this file equal to the generated codecs.
import type { OutgoingBatch } from "./outgoing-batch.js";
import { NO_ENTRIES } from "./string-map.js";
import { fieldSize, textSize } from "./wire-buffer.js";
import { type EncodedSubmission, writeSubmission } from "./wire-writer.js";

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
  const buffer = batch.begin(size);
  if (buffer === undefined) return size;
  buffer.begin(1, messageSize);
  buffer.begin(1, replySize);
  buffer.text(1, assignmentId, idSize);
  if (more) buffer.flag(2);
  buffer.begin(3, resultSize);
  if (kind === "data") buffer.bytes(2, bytes);
  else buffer.append(bytes);
  return size;
}

/** Adds a `SubmitRequest` with one submission. */
export function pushSubmission(
  batch: OutgoingBatch,
  correlationId: string,
  submission: EncodedSubmission,
): void {
  const { request, context, gather, excludeListeners } = submission;
  if (context !== NO_ENTRIES && Object.keys(context).length > 0) {
    batch.push(writeSubmission(correlationId, submission));
    return;
  }
  const idSize = textSize(correlationId);
  const size =
    fieldSize(idSize) + fieldSize(request.byteLength) + (gather ? 2 : 0) + (excludeListeners ? 2 : 0);
  const buffer = batch.begin(fieldSize(size));
  if (buffer === undefined) return;
  buffer.begin(1, size);
  buffer.text(1, correlationId, idSize);
  buffer.bytes(2, request);
  if (gather) buffer.flag(3);
  if (excludeListeners) buffer.flag(4);
}
