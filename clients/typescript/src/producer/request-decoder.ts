import { WireCursor } from "../codec/cursor.js";
import type { RecentTexts } from "../codec/recent-texts.js";
import { TAGS } from "../gen/field-numbers.js";
import type { Json } from "../json/json.js";
import { readList, readStruct } from "../json/json-decoder.js";
import { NO_ENTRIES, readStringEntry } from "../wire/string-map.js";

const { REQUEST } = TAGS;

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
export function decodeRequest(bytes: Uint8Array, texts: RecentTexts): RequestPayload {
  const cursor = new WireCursor(bytes);
  let attributes = NO_ENTRIES;
  let topic = "";
  let contentType = "";
  let [args, kwargs, data] = [EMPTY, EMPTY, EMPTY];
  while (cursor.at < bytes.length) {
    const tag = cursor.uint32();
    switch (tag) {
      case REQUEST.topic:
        topic = cursor.strictText(texts.requestTopics);
        break;
      case REQUEST.args:
        args = cursor.view();
        break;
      case REQUEST.kwargs:
        kwargs = cursor.view();
        break;
      case REQUEST.data:
        data = cursor.view();
        break;
      case REQUEST.contentType:
        contentType = cursor.strictText();
        break;
      case REQUEST.attributes:
        attributes = readStringEntry(cursor, attributes);
        break;
      default:
        cursor.skipField(tag);
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
