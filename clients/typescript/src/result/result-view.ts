import { status } from "@grpc/grpc-js";
import { WireCursor } from "../codec/cursor.js";
import { DispatcherError, errorOfStatus } from "../errors.js";
import { TAGS } from "../gen/field-numbers.js";
import { Status } from "../gen/google/rpc/status.js";
import type { Json } from "../json/json.js";
import { readValue } from "../json/json-decoder.js";
import { NO_ENTRIES, readStringEntry } from "../wire/string-map.js";

const { RESULT } = TAGS;

/** A decoded `Result`. */
export interface ResultView {
  readonly kind: "value" | "data" | "error";
  readonly value: Json;
  readonly data: Uint8Array | undefined;
  readonly error: DispatcherError | undefined;
  readonly contentType: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Decodes a `Result`. One without an outcome is a null value; one whose bytes are malformed is an error, DATA_LOSS with the
 * reason UNDECODABLE_RESULT.
 */
export function readResult(bytes: Uint8Array): ResultView {
  try {
    return read(bytes);
  } catch (cause) {
    const error = undecodable("result", cause);
    return { kind: "error", value: null, data: undefined, error, contentType: "", attributes: NO_ENTRIES };
  }
}

/** Creates the error for a part of a delivery that is malformed. */
export function undecodable(part: string, cause: unknown): DispatcherError {
  const details = `the producer's ${part} cannot be decoded: ${DispatcherError.from(cause).details}`;
  return new DispatcherError({ code: status.DATA_LOSS, reason: "UNDECODABLE_RESULT", details, cause });
}

function read(bytes: Uint8Array): ResultView {
  const cursor = new WireCursor(bytes);
  let attributes = NO_ENTRIES;
  let kind: ResultView["kind"] = "value";
  let value: Json = null;
  let data: Uint8Array | undefined;
  let error: DispatcherError | undefined;
  let contentType = "";
  while (cursor.at < bytes.length) {
    const tag = cursor.uint32();
    switch (tag) {
      case RESULT.value:
        kind = "value";
        value = readValue(cursor.view());
        break;
      case RESULT.data:
        kind = "data";
        data = cursor.view();
        break;
      case RESULT.error:
        kind = "error";
        error = errorOfStatus(Status.decode(cursor.view()), "PRODUCER_ERROR");
        break;
      case RESULT.contentType:
        contentType = cursor.strictText();
        break;
      case RESULT.attributes:
        attributes = readStringEntry(cursor, attributes);
        break;
      default:
        cursor.skipField(tag);
    }
  }
  return {
    kind,
    // If a oneof is set several times, the last one counts.
    value: kind === "value" ? value : null,
    data: kind === "data" ? data : undefined,
    error: kind === "error" ? error : undefined,
    contentType,
    attributes,
  };
}
