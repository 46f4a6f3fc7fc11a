// Outgoing batches with exactly one item. Protobuf merges repeated fields, so a batch of many is their concatenation,
// and the request or result inside is copied as its author's bytes.
import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import { SubmitRequest } from "./gen/ate/dispatcher/v1/dispatcher_service.js";
import { encodeWith } from "./spare-writer.js";

/** A `Submission` whose request is encoded already. */
export interface EncodedSubmission {
  readonly request: Uint8Array;
  readonly gather: boolean;
  readonly excludeListeners: boolean;
  readonly context: Readonly<Record<string, string>>;
}

/** A `SubmitRequest` with one submission. */
export function writeSubmission(correlationId: string, submission: EncodedSubmission): Uint8Array {
  return encodeWith((writer) => {
    writer.uint32(10).fork();
    writer.uint32(10).string(correlationId);
    writer.uint32(18).bytes(submission.request);
    if (submission.gather) writer.uint32(24).bool(true);
    if (submission.excludeListeners) writer.uint32(32).bool(true);
    for (const [key, value] of Object.entries(submission.context)) {
      writer.uint32(42).fork().uint32(10).string(key).uint32(18).string(value).join();
    }
    writer.join();
  });
}

/** A `SubmitRequest` with one cancellation. */
export function writeCancellation(requestId: string): Uint8Array {
  return SubmitRequest.encode({ submissions: [], cancelRequestIds: [requestId] }).finish();
}

/** A `ProduceRequest` with one reply; `writeResult` writes the fields of its result. */
export function writeReply(
  assignmentId: string,
  more: boolean,
  writeResult: (writer: BinaryWriter) => void,
): Uint8Array {
  return encodeWith((writer) => {
    writer.uint32(10).fork().uint32(10).fork();
    writer.uint32(10).string(assignmentId);
    if (more) writer.uint32(16).bool(true);
    writer.uint32(26).fork();
    writeResult(writer);
    writer.join().join().join();
  });
}

/** A `DispatchRequest` (flag: `validate_only`) or `GatherRequest` (flag: `exclude_listeners`); they look alike. */
export function writeRequestCall(request: Uint8Array, flag: boolean): Uint8Array {
  return encodeWith((writer) => {
    writer.uint32(10).bytes(request);
    if (flag) writer.uint32(16).bool(true);
  });
}
