/**
 * Checks that every stock protobuf parser can read the payloads that the server forwards verbatim. A parser reads a whole
 * batch or nothing, so one malformed payload would end the stream of each of its receivers.
 *
 * The checks decode nothing: they visit each field once. Each of them checks the current field of a reader, and throws
 * {@link WireError}.
 */
import { FIELDS, TAGS, type WireReader } from "ate-dispatcher-client/internal";
import { walkListValue, walkStruct, walkValue } from "./payload-walk.js";

const { key: MAP_ENTRY_KEY, value: MAP_ENTRY_VALUE } = TAGS.MAP_ENTRY;
const { typeUrl: ANY_TYPE_URL, value: ANY_VALUE } = TAGS.ANY;
const MAP_ENTRY_MEMBERS = FIELDS.MAP_ENTRY.value;
const ANY_MEMBERS = FIELDS.ANY.value;

/** Checks a ListValue. */
export function checkListValue(reader: WireReader): void {
  const begin = reader.skipBytes();
  walkListValue(reader.bytes, begin, reader.at);
}

/** Checks a Struct. */
export function checkStruct(reader: WireReader): void {
  const begin = reader.skipBytes();
  walkStruct(reader.bytes, begin, reader.at);
}

/** Checks a Value. */
export function checkValue(reader: WireReader): void {
  const begin = reader.skipBytes();
  walkValue(reader.bytes, begin, reader.at);
}

/** Checks an entry of a map of strings. */
export function checkStringEntry(reader: WireReader): void {
  const outer = reader.enter();
  while (reader.next()) {
    const tag = reader.currentTag;
    if (tag === MAP_ENTRY_KEY || tag === MAP_ENTRY_VALUE) reader.skipUtf8();
    else reader.skipUnknown(MAP_ENTRY_MEMBERS);
  }
  reader.leave(outer);
}

/** Checks an Any. The message inside stays unread, as in every parser. */
export function checkAny(reader: WireReader): void {
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.currentTag === ANY_TYPE_URL) reader.skipUtf8();
    else if (reader.currentTag === ANY_VALUE) reader.skip();
    else reader.skipUnknown(ANY_MEMBERS);
  }
  reader.leave(outer);
}
