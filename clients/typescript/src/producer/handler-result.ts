import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import { invalidArgument } from "../errors.js";
import { TAGS } from "../gen/field-numbers.js";
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
    const { contentType } = parts;
    if (contentType !== undefined && typeof contentType !== "string") {
      throw invalidArgument("result.contentType", "is not a string");
    }
    if (contentType !== undefined) writer.uint32(RESULT.contentType).string(contentType);
  } else {
    writer.uint32(RESULT.value).fork();
    writeValue(writer, parts.value, "result");
    writer.join();
  }
  for (const [key, value] of Object.entries(parts.attributes ?? {})) {
    if (typeof value !== "string") throw invalidArgument(`result.attributes.${key}`, "is not a string");
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
