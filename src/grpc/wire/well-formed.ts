/**
 * Checks that every stock protobuf parser can read the payloads that the server forwards verbatim. Parsers decode a whole
 * batch at once, so one malformed payload would end the stream of each of its receivers.
 *
 * The checks decode nothing: they visit each field once. All of them throw {@link WireError}.
 */
import { TAGS, WireError, type WireReader } from "ate-dispatcher-client/internal";

const { values: LIST_VALUE_VALUES } = TAGS.LIST_VALUE;
const { fields: STRUCT_FIELDS } = TAGS.STRUCT;
const { key: FIELDS_ENTRY_KEY, value: FIELDS_ENTRY_VALUE } = TAGS.STRUCT_FIELDS_ENTRY;
const {
  stringValue: VALUE_STRING_VALUE,
  structValue: VALUE_STRUCT_VALUE,
  listValue: VALUE_LIST_VALUE,
} = TAGS.VALUE;
const { key: MAP_ENTRY_KEY, value: MAP_ENTRY_VALUE } = TAGS.MAP_ENTRY;
const { typeUrl: ANY_TYPE_URL } = TAGS.ANY;

/**
 * Maximum number of messages nested in each other in a payload: the ListValue `args`, the Struct `kwargs` or the Value
 * `value` is the first. An array takes two, an object three. Parsers stop at 100, which includes up to five around the
 * payload.
 */
export const MAX_NESTED_MESSAGES = 90;

/** A payload is nested deeper than {@link MAX_NESTED_MESSAGES}. */
export class NestingError extends WireError {}

/** Checks the current field, a ListValue. */
export function checkListValue(reader: WireReader, depth = 1): void {
  const outer = descend(reader, depth);
  while (reader.next()) {
    if (reader.currentTag === LIST_VALUE_VALUES) checkValue(reader, depth + 1);
    else reader.skip();
  }
  reader.leave(outer);
}

/** Checks the current field, a Struct. */
export function checkStruct(reader: WireReader, depth = 1): void {
  const outer = descend(reader, depth);
  while (reader.next()) {
    if (reader.currentTag === STRUCT_FIELDS) checkFieldsEntry(reader, depth + 1);
    else reader.skip();
  }
  reader.leave(outer);
}

/** Checks the current field, a Value. */
export function checkValue(reader: WireReader, depth = 1): void {
  const outer = descend(reader, depth);
  while (reader.next()) {
    const tag = reader.currentTag;
    if (tag === VALUE_STRING_VALUE) reader.skipUtf8();
    else if (tag === VALUE_STRUCT_VALUE) checkStruct(reader, depth + 1);
    else if (tag === VALUE_LIST_VALUE) checkListValue(reader, depth + 1);
    else reader.skip();
  }
  reader.leave(outer);
}

/** Checks the current field, an entry of a map of strings. */
export function checkStringEntry(reader: WireReader): void {
  const outer = reader.enter();
  while (reader.next()) {
    const tag = reader.currentTag;
    if (tag === MAP_ENTRY_KEY || tag === MAP_ENTRY_VALUE) reader.skipUtf8();
    else reader.skip();
  }
  reader.leave(outer);
}

/** Checks the current field, an Any. The message inside stays unread, as in every parser. */
export function checkAny(reader: WireReader): void {
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.currentTag === ANY_TYPE_URL) reader.skipUtf8();
    else reader.skip();
  }
  reader.leave(outer);
}

function checkFieldsEntry(reader: WireReader, depth: number): void {
  const outer = descend(reader, depth);
  while (reader.next()) {
    const tag = reader.currentTag;
    if (tag === FIELDS_ENTRY_KEY) reader.skipUtf8();
    else if (tag === FIELDS_ENTRY_VALUE) checkValue(reader, depth + 1);
    else reader.skip();
  }
  reader.leave(outer);
}

function descend(reader: WireReader, depth: number): number {
  if (depth > MAX_NESTED_MESSAGES)
    throw new NestingError(`is nested deeper than ${MAX_NESTED_MESSAGES} messages; send it as data instead`);
  return reader.enter();
}
