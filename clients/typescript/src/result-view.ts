import { BinaryReader } from "@bufbuild/protobuf/wire";
import { status } from "@grpc/grpc-js";
import { DispatcherError, errorOfStatus } from "./errors.js";
import { Status } from "./gen/google/rpc/status.js";
import type { Json } from "./json.js";
import { readValue } from "./json-decoder.js";
import { NO_ENTRIES, readStringEntry } from "./string-map.js";

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
 * Decodes a `Result` as its producer wrote it; one without an outcome is a null value.
 *
 * @throws {DispatcherError} DATA_LOSS, reason UNDECODABLE_RESULT, if the bytes are malformed.
 */
export function readResult(bytes: Uint8Array): ResultView {
  try {
    return read(bytes);
  } catch (cause) {
    const details = `the producer's result cannot be decoded: ${DispatcherError.from(cause).details}`;
    throw new DispatcherError({ code: status.DATA_LOSS, reason: "UNDECODABLE_RESULT", details, cause });
  }
}

function read(bytes: Uint8Array): ResultView {
  const onlyData = dataOf(bytes);
  if (onlyData !== undefined) {
    return {
      kind: "data",
      value: null,
      data: onlyData,
      error: undefined,
      contentType: "",
      attributes: NO_ENTRIES,
    };
  }
  const reader = new BinaryReader(bytes);
  let attributes = NO_ENTRIES;
  let kind: ResultView["kind"] = "value";
  let value: Json = null;
  let data: Uint8Array | undefined;
  let error: DispatcherError | undefined;
  let contentType = "";
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        kind = "value";
        value = readValue(reader.bytes());
        break;
      case 18:
        kind = "data";
        data = reader.bytes();
        break;
      case 26:
        kind = "error";
        error = errorOfStatus(Status.decode(reader.bytes()), "PRODUCER_ERROR");
        break;
      case 34:
        contentType = reader.string(true);
        break;
      case 42:
        attributes = readStringEntry(reader, attributes);
        break;
      default:
        reader.skip(tag & 7);
    }
  }
  return {
    kind,
    // Whoever sets several outcomes means the last one.
    value: kind === "value" ? value : null,
    data: kind === "data" ? data : undefined,
    error: kind === "error" ? error : undefined,
    contentType,
    attributes,
  };
}

/** The data of a result that is nothing else, as most with data are; undefined for every other one. */
function dataOf(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[0] !== 18) return undefined;
  let length = 0;
  for (let at = 1; at < 5; at++) {
    const byte = bytes[at] ?? 0x80;
    length |= (byte & 0x7f) << (7 * (at - 1));
    if (byte < 0x80) return at + 1 + length === bytes.length ? bytes.subarray(at + 1) : undefined;
  }
  return undefined;
}
