import { BinaryReader } from "@bufbuild/protobuf/wire";
import type { Json } from "./json.js";
import { readList, readStruct } from "./json-decoder.js";
import { NO_ENTRIES, readStringEntry } from "./string-map.js";

/** What a producer reads of a `Request`. */
export interface RequestPayload {
  readonly topic: string;
  readonly args: readonly Json[];
  readonly kwargs: Readonly<Record<string, Json>>;
  readonly data: Uint8Array;
  readonly contentType: string;
  readonly attributes: Readonly<Record<string, string>>;
}

const EMPTY: Uint8Array = new Uint8Array();

/** Decodes a request as it came from the requester. Throws on malformed bytes. */
export function decodeRequest(bytes: Uint8Array): RequestPayload {
  const reader = new BinaryReader(bytes);
  let attributes = NO_ENTRIES;
  let topic = "";
  let contentType = "";
  let [args, kwargs, data] = [EMPTY, EMPTY, EMPTY];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        topic = reader.string(true);
        break;
      case 18:
        args = reader.bytes();
        break;
      case 26:
        kwargs = reader.bytes();
        break;
      case 34:
        data = reader.bytes();
        break;
      case 42:
        contentType = reader.string(true);
        break;
      case 50:
        attributes = readStringEntry(reader, attributes);
        break;
      default:
        reader.skip(tag & 7);
    }
  }
  return {
    topic,
    args: args.length === 0 ? [] : readList(args),
    kwargs: kwargs.length === 0 ? {} : readStruct(kwargs),
    data,
    contentType,
    attributes,
  };
}
