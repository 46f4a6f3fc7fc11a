import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import { status } from "@grpc/grpc-js";
import { boundedText, errorText, MAX_ERROR_TEXT_LENGTH, orUndefined, propertyOf } from "../error-text.js";
import { isDispatcherError } from "../errors.js";
import { Result } from "../gen/ate/dispatcher/v1/result.js";
import type { Any } from "../gen/google/protobuf/any.js";
import { ErrorInfo } from "../gen/google/rpc/error_details.js";

/** The maximum number of entries in the metadata of an error. */
const MAX_METADATA_ENTRIES = 64;
/** The maximum size of the metadata of an error, keys and values together, in bytes of UTF-8. */
const MAX_METADATA_BYTES = 16 * 1024;
/** The maximum length of a reason. */
const MAX_REASON_LENGTH = 64;

const DROPPED_NOTE = " (its metadata is dropped: it is limited to 64 entries of text, 16 KiB in all)";

type Entries = Readonly<Record<string, string>>;

/**
 * Writes an exception of a handler as the fields of an error `Result`, which is never larger than 32 KiB.
 *
 * The code is the exception's `code` if that is a gRPC code, else UNKNOWN. The text is its message, cut to 1,024
 * characters. A DispatcherError also passes on its reason and metadata. Metadata with more than 64 entries, more than
 * 16 KiB, or values that are not strings is dropped, and the text says so. Stack and cause are not sent. Never throws,
 * whatever was thrown.
 */
export function writeFailure(writer: BinaryWriter, thrown: unknown): void {
  const code = codeOf(thrown);
  if (!isDispatcherError(thrown)) {
    writeError(writer, code, errorText(thrown), []);
    return;
  }
  const metadata = orUndefined(() => metadataOf(propertyOf(thrown, "metadata")));
  const note = metadata === undefined ? DROPPED_NOTE : "";
  const details = String(propertyOf(thrown, "details"));
  const message = `${boundedText(details, MAX_ERROR_TEXT_LENGTH - note.length)}${note}`;
  const reason = String(propertyOf(thrown, "reason")).slice(0, MAX_REASON_LENGTH).toWellFormed();
  writeError(writer, code, message, [errorInfo(reason, metadata ?? {})]);
}

function writeError(writer: BinaryWriter, code: status, message: string, details: readonly Any[]): void {
  const outcome = { $case: "error", value: { code, message, details } } as const;
  Result.encode({ outcome, contentType: "", attributes: {} }, writer);
}

/** Copies metadata. @returns undefined if it does not fit. */
function metadataOf(metadata: unknown): Entries | undefined {
  const entries = Object.entries(metadata as object);
  if (entries.length > MAX_METADATA_ENTRIES) return undefined;
  let byteLength = 0;
  for (const [key, value] of entries) {
    if (typeof value !== "string") return undefined;
    byteLength += Buffer.byteLength(key) + Buffer.byteLength(value);
    if (byteLength > MAX_METADATA_BYTES) return undefined;
  }
  // fromEntries defines properties, so a key named __proto__ is kept.
  return Object.fromEntries(entries);
}

function errorInfo(reason: string, metadata: Entries): Any {
  const value = ErrorInfo.encode({ reason, domain: "ate.dispatcher.producer", metadata }).finish();
  return { typeUrl: "type.googleapis.com/google.rpc.ErrorInfo", value };
}

function codeOf(thrown: unknown): status {
  const code = propertyOf(thrown, "code");
  return Number.isInteger(code) && status[code as status] !== undefined && code !== status.OK
    ? (code as status)
    : status.UNKNOWN;
}
