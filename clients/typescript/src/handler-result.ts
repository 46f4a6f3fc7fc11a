import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import { status } from "@grpc/grpc-js";
import { DispatcherError, invalidArgument } from "./errors.js";
import { Result } from "./gen/ate/dispatcher/v1/result.js";
import { ErrorInfo } from "./gen/google/rpc/error_details.js";
import type { Json } from "./json.js";
import { writeValue } from "./json-encoder.js";

/** The parts of a result: either a value or data. */
export type ResultParts = (
  | { readonly value: Json }
  | {
      readonly data: Uint8Array;
      /** Media type of `data`; free text. */
      readonly contentType?: string;
    }
) & {
  /** Free annotations; passed through unread. */
  readonly attributes?: Readonly<Record<string, string>>;
};

/** A result with more than its value; a class, so that it cannot be taken for a JSON object. */
export class ResultInit {
  /** What it was made of. */
  readonly parts: ResultParts;

  /** @param parts - a value or data, and annotations. */
  constructor(parts: ResultParts) {
    this.parts = parts;
  }
}

/** What a handler may return: a JSON value, bytes (which travel as `data`), or both with annotations. */
export type HandlerResult = Json | Uint8Array | ResultInit;

/** How much of an error's text is sent, in UTF-16 units. */
const MAX_ERROR_TEXT = 4096;

/**
 * Writes what a handler returned as the fields of a `Result`; undefined is a null value.
 *
 * @throws {DispatcherError} INVALID_ARGUMENT, reason UNSERIALIZABLE_VALUE, with the path of what JSON cannot say.
 */
export function writeResult(writer: BinaryWriter, result: HandlerResult | undefined): void {
  if (result instanceof Uint8Array) writeParts(writer, { data: result });
  else writeParts(writer, result instanceof ResultInit ? result.parts : { value: result ?? null });
}

function writeParts(writer: BinaryWriter, parts: ResultParts): void {
  if ("data" in parts) {
    if (!(parts.data instanceof Uint8Array)) throw invalidArgument("result.data", "is not a Uint8Array");
    writer.uint32(18).bytes(parts.data);
    if (parts.contentType !== undefined) writer.uint32(34).string(parts.contentType);
  } else {
    writer.uint32(10).fork();
    writeValue(writer, parts.value, "result");
    writer.join();
  }
  for (const [key, value] of Object.entries(parts.attributes ?? {})) {
    writer.uint32(42).fork().uint32(10).string(key).uint32(18).string(value).join();
  }
}

/**
 * Writes what a handler threw as the fields of an error `Result`.
 *
 * The code is the error's own `code` if that is a gRPC code, else UNKNOWN. The
 * text is its message, cut to 4,096 characters. A {@link DispatcherError} also
 * passes on its reason and metadata. The stack and the cause stay here.
 */
export function writeFailure(writer: BinaryWriter, error: unknown): void {
  const details = error instanceof DispatcherError ? [errorInfo(error)] : [];
  const value = { code: codeOf(error), message: textOf(error).slice(0, MAX_ERROR_TEXT), details };
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
