import type { Json } from "./json.js";
import { readList, readStruct } from "./json-decoder.js";
import { RecentText } from "./recent-text.js";
import { NO_ENTRIES, readStringEntry } from "./string-map.js";
import { WireCursor } from "./wire-cursor.js";

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

/** Requests in a row are mostly of one topic. */
const topics = new RecentText();

/** Decodes a request as it came from the requester. Throws on malformed bytes. */
export function decodeRequest(bytes: Uint8Array): RequestPayload {
  const cursor = new WireCursor(bytes);
  let attributes = NO_ENTRIES;
  let topic = "";
  let contentType = "";
  let [args, kwargs, data] = [EMPTY, EMPTY, EMPTY];
  while (cursor.at < bytes.length) {
    const tag = cursor.uint32();
    switch (tag) {
      case 10:
        topic = cursor.strictText(topics);
        break;
      case 18:
        args = cursor.view();
        break;
      case 26:
        kwargs = cursor.view();
        break;
      case 34:
        data = cursor.view();
        break;
      case 42:
        contentType = cursor.strictText();
        break;
      case 50:
        attributes = readStringEntry(cursor, attributes);
        break;
      default:
        cursor.skip(tag);
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
