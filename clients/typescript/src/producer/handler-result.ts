import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import { status } from "@grpc/grpc-js";
import { DispatcherError, invalidArgument } from "../errors.js";
import { Result } from "../gen/ate/dispatcher/v1/result.js";
import { TAGS } from "../gen/field-numbers.js";
import { ErrorInfo } from "../gen/google/rpc/error_details.js";
import type { Json } from "../json/json.js";
import { writeValue } from "../json/json-encoder.js";

const { MAP_ENTRY, RESULT } = TAGS;

/** The parts of a result: either a JSON value or opaque data, with optional attributes. */
export type ResultParts = (
  | { readonly value: Json }
  | {
      readonly data: Uint8Array;
      /** Media type of `data`; not checked. Default: empty. */
      readonly contentType?: string;
    }
) & {
  /** Annotations for the receivers; the dispatcher passes them on unread. Default: none. */
  readonly attributes?: Readonly<Record<string, string>>;
};

/** A result with attributes or a content type. A class, so that it cannot be mistaken for a JSON object. */
export class ResultInit {
  /** The parts that were passed to the constructor. */
  readonly parts: ResultParts;

  /** @param parts - a value or data, with optional attributes. */
  constructor(parts: ResultParts) {
    this.parts = parts;
  }
}

/** What a handler may return: a JSON value, bytes (sent as `data`), or a {@link ResultInit}. */
export type HandlerResult = Json | Uint8Array | ResultInit;

/** The maximum length of an error text that is sent, in UTF-16 units. Longer texts are cut. */
const MAX_ERROR_TEXT_LENGTH = 4096;

/**
 * Writes a handler's return value as the fields of a `Result`. Undefined becomes a null value.
 *
 * @throws {DispatcherError} INVALID_ARGUMENT, reason UNSERIALIZABLE_VALUE, with the path of the value that JSON cannot
 * represent.
 */
export function writeResult(writer: BinaryWriter, result: HandlerResult | undefined): void {
  if (result instanceof Uint8Array) writeParts(writer, { data: result });
  else writeParts(writer, result instanceof ResultInit ? result.parts : { value: result ?? null });
}

function writeParts(writer: BinaryWriter, parts: ResultParts): void {
  if ("data" in parts) {
    if (!(parts.data instanceof Uint8Array)) throw invalidArgument("result.data", "is not a Uint8Array");
    writer.uint32(RESULT.data).bytes(parts.data);
    if (parts.contentType !== undefined) writer.uint32(RESULT.contentType).string(parts.contentType);
  } else {
    writer.uint32(RESULT.value).fork();
    writeValue(writer, parts.value, "result");
    writer.join();
  }
  for (const [key, value] of Object.entries(parts.attributes ?? {})) {
    writer
      .uint32(RESULT.attributes)
      .fork()
      .uint32(MAP_ENTRY.key)
      .string(key)
      .uint32(MAP_ENTRY.value)
      .string(value)
      .join();
  }
}

/**
 * Writes an exception of a handler as the fields of an error `Result`.
 *
 * The code is the exception's `code` if that is a gRPC code, else UNKNOWN. The text is its message, cut to 4,096
 * characters. A {@link DispatcherError} also passes on its reason and metadata. Stack and cause are not sent.
 */
export function writeFailure(writer: BinaryWriter, error: unknown): void {
  const details = error instanceof DispatcherError ? [errorInfo(error)] : [];
  const value = { code: codeOf(error), message: textOf(error).slice(0, MAX_ERROR_TEXT_LENGTH), details };
  Result.encode({ outcome: { $case: "error", value }, contentType: "", attributes: {} }, writer);
}

function errorInfo({ reason, metadata }: DispatcherError) {
  const value = ErrorInfo.encode({
    reason,
    domain: "ate.dispatcher.producer",
    metadata: { ...metadata },
  }).finish();
  return { typeUrl: "type.googleapis.com/google.rpc.ErrorInfo", value };
}

function codeOf(error: unknown): status {
  const code: unknown =
    typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return Number.isInteger(code) && status[code as status] !== undefined && code !== status.OK
    ? (code as status)
    : status.UNKNOWN;
}

function textOf(error: unknown): string {
  if (error instanceof DispatcherError) return error.details;
  return error instanceof Error ? error.message : String(error);
}
