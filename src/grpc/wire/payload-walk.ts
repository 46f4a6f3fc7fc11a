/**
 * Visits every field of a `google.protobuf.Value`, `Struct` or `ListValue` once, and decodes nothing.
 *
 * The natural way is `WireReader`, as in well-formed.ts, with a function for each message. For a struct of 4 KiB that
 * took three times as long, as much as all other work for its delivery. Here the position is a local variable, tags of
 * one byte and lengths of two are read in place, and numbers and booleans in objects need no call. This can go when the
 * reader is as fast.
 */
import { isUtf8 } from "node:buffer";
import { FIELDS, TAGS, WireError } from "ate-dispatcher-client/internal";

const { values: LIST_VALUE_VALUES } = TAGS.LIST_VALUE;
const { fields: STRUCT_FIELDS } = TAGS.STRUCT;
const { key: FIELDS_ENTRY_KEY, value: FIELDS_ENTRY_VALUE } = TAGS.STRUCT_FIELDS_ENTRY;
const {
  numberValue: VALUE_NUMBER_VALUE,
  stringValue: VALUE_STRING_VALUE,
  boolValue: VALUE_BOOL_VALUE,
  nullValue: VALUE_NULL_VALUE,
  structValue: VALUE_STRUCT_VALUE,
  listValue: VALUE_LIST_VALUE,
} = TAGS.VALUE;

/** The largest field number of each message. */
const VALUE_MEMBERS = Math.max(...Object.values(FIELDS.VALUE));
const LIST_VALUE_MEMBERS = FIELDS.LIST_VALUE.values;
const STRUCT_MEMBERS = FIELDS.STRUCT.fields;
const FIELDS_ENTRY_MEMBERS = FIELDS.STRUCT_FIELDS_ENTRY.value;

/**
 * Maximum number of messages nested in each other in a payload: the ListValue `args`, the Struct `kwargs` or the Value
 * `value` is the first. An array takes two, an object three. Parsers stop at 100, which includes up to five around the
 * payload.
 */
export const MAX_NESTED_MESSAGES = 90;

/** Maximum size of a tag or length, in bytes. Longer encodings are legal, but the C++ parser rejects them. */
const MAX_SHORT_VARINT_BYTES = 5;
const MAX_VARINT_BYTES = 10;
const MAX_TAG = 2 ** 32 - 1;
/** The high bits of four bytes, which are 0 in ASCII. */
const HIGH_BITS = 0x80808080 | 0;
const DOUBLE_BYTES = 8;
/** A Value with a double, and one with a boolean. */
const NUMBER_VALUE_BYTES = 9;
const BOOL_VALUE_BYTES = 2;

/** A payload is nested deeper than {@link MAX_NESTED_MESSAGES}. */
export class NestingError extends WireError {}

/** Checks the Value from `at` to `end`. @throws {WireError} if a stock parser could not read it. */
export function walkValue(bytes: Uint8Array, at: number, end: number): void {
  value(bytes, viewOf(bytes), at, end, 1);
}

/** Checks the ListValue from `at` to `end`. @throws {WireError} if a stock parser could not read it. */
export function walkListValue(bytes: Uint8Array, at: number, end: number): void {
  listValue(bytes, viewOf(bytes), at, end, 1);
}

/** Checks the Struct from `at` to `end`. @throws {WireError} if a stock parser could not read it. */
export function walkStruct(bytes: Uint8Array, at: number, end: number): void {
  struct(bytes, viewOf(bytes), at, end, 1);
}

function value(bytes: Uint8Array, view: DataView, at: number, end: number, depth: number): void {
  if (depth > MAX_NESTED_MESSAGES) throw tooDeep();
  while (at < end) {
    const tag = bytes[at++];
    if (tag === VALUE_STRUCT_VALUE || tag === VALUE_LIST_VALUE || tag === VALUE_STRING_VALUE) {
      let length = bytes[at++] as number;
      if (length > 0x7f) {
        const second = bytes[at] as number;
        if (second < 0x80) {
          length = (length & 0x7f) | (second << 7);
          at++;
        } else {
          length = longLength(bytes, at - 1, end);
          at = longEnd(bytes, at - 1, end);
        }
      }
      const stop = at + length;
      if (!(stop <= end)) throw truncated(at);
      if (tag === VALUE_STRUCT_VALUE) struct(bytes, view, at, stop, depth + 1);
      else if (tag === VALUE_LIST_VALUE) listValue(bytes, view, at, stop, depth + 1);
      else text(bytes, view, at, stop);
      at = stop;
    } else if (tag === VALUE_NUMBER_VALUE) at = within(at + DOUBLE_BYTES, end);
    else if (tag === VALUE_BOOL_VALUE || tag === VALUE_NULL_VALUE)
      at = varintEnd(bytes, at, end, MAX_VARINT_BYTES);
    else at = skipUnknown(bytes, at - 1, end, VALUE_MEMBERS);
  }
}

function listValue(bytes: Uint8Array, view: DataView, at: number, end: number, depth: number): void {
  if (depth > MAX_NESTED_MESSAGES) throw tooDeep();
  while (at < end) {
    if (bytes[at++] === LIST_VALUE_VALUES) {
      let length = bytes[at++] as number;
      if (length > 0x7f) {
        const second = bytes[at] as number;
        if (second < 0x80) {
          length = (length & 0x7f) | (second << 7);
          at++;
        } else {
          length = longLength(bytes, at - 1, end);
          at = longEnd(bytes, at - 1, end);
        }
      }
      const stop = at + length;
      if (!(stop <= end)) throw truncated(at);
      value(bytes, view, at, stop, depth + 1);
      at = stop;
    } else at = skipUnknown(bytes, at - 1, end, LIST_VALUE_MEMBERS);
  }
}

/** Walks the entries in place: a function for them would take half as long again. */
function struct(bytes: Uint8Array, view: DataView, at: number, end: number, depth: number): void {
  if (depth > MAX_NESTED_MESSAGES) throw tooDeep();
  while (at < end) {
    if (bytes[at++] !== STRUCT_FIELDS) {
      at = skipUnknown(bytes, at - 1, end, STRUCT_MEMBERS);
      continue;
    }
    if (depth === MAX_NESTED_MESSAGES) throw tooDeep();
    let length = bytes[at++] as number;
    if (length > 0x7f) {
      const second = bytes[at] as number;
      if (second < 0x80) {
        length = (length & 0x7f) | (second << 7);
        at++;
      } else {
        length = longLength(bytes, at - 1, end);
        at = longEnd(bytes, at - 1, end);
      }
    }
    const stop = at + length;
    if (!(stop <= end)) throw truncated(at);
    let hasValue = false;
    while (at < stop) {
      const tag = bytes[at++];
      if (tag !== FIELDS_ENTRY_KEY && tag !== FIELDS_ENTRY_VALUE) {
        at = skipUnknown(bytes, at - 1, stop, FIELDS_ENTRY_MEMBERS);
        continue;
      }
      let size = bytes[at++] as number;
      if (size > 0x7f) {
        const second = bytes[at] as number;
        if (second < 0x80) {
          size = (size & 0x7f) | (second << 7);
          at++;
        } else {
          size = longLength(bytes, at - 1, stop);
          at = longEnd(bytes, at - 1, stop);
        }
      }
      const next = at + size;
      if (!(next <= stop)) throw truncated(at);
      if (tag === FIELDS_ENTRY_KEY) text(bytes, view, at, next);
      else {
        hasValue = true;
        const isNumber = size === NUMBER_VALUE_BYTES && bytes[at] === VALUE_NUMBER_VALUE;
        const isBool =
          size === BOOL_VALUE_BYTES && bytes[at] === VALUE_BOOL_VALUE && (bytes[at + 1] as number) < 2;
        const needsCheck = (!isNumber && !isBool) || depth + 2 > MAX_NESTED_MESSAGES;
        if (needsCheck) value(bytes, view, at, next, depth + 2);
      }
      at = next;
    }
    // Legal, but protobuf.js cannot convert such an object.
    if (!hasValue) throw new WireError(`a field of an object has no value, at byte ${stop}`);
  }
}

/** Checks the string from `begin` to `end`. */
function text(bytes: Uint8Array, view: DataView, begin: number, end: number): void {
  let at = begin;
  while (at + 4 <= end && (view.getInt32(at, true) & HIGH_BITS) === 0) at += 4;
  while (at < end && (bytes[at] as number) < 0x80) at++;
  if (at < end && !isUtf8(bytes.subarray(at, end)))
    throw new WireError(`text is not valid UTF-8, at byte ${begin}`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function tooDeep(): NestingError {
  return new NestingError(`is nested deeper than ${MAX_NESTED_MESSAGES} messages; send it as data instead`);
}

function truncated(at: number): WireError {
  return new WireError(`a field is truncated, at byte ${at}`);
}

/** The position behind a tag or length of any size. */
function longEnd(bytes: Uint8Array, at: number, end: number): number {
  return varintEnd(bytes, at, end, MAX_SHORT_VARINT_BYTES);
}

/** A length of any size. */
function longLength(bytes: Uint8Array, at: number, end: number): number {
  return shortVarint(bytes, at, longEnd(bytes, at, end));
}

/** The number of at most five bytes from `at` to `end`. */
function shortVarint(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let i = end - 1; i >= at; i--) value = value * 0x80 + ((bytes[i] as number) & 0x7f);
  return value;
}

/** The position behind the number at a position. */
function varintEnd(bytes: Uint8Array, at: number, end: number, maxBytes: number): number {
  for (let i = 0; i < maxBytes; i++) {
    const byte = bytes[at + i] as number;
    if (at + i >= end) break;
    if (byte > 0x7f) continue;
    if (i === MAX_VARINT_BYTES - 1 && byte > 1)
      throw new WireError(`a number has more than 64 bits, at byte ${at}`);
    return at + i + 1;
  }
  throw new WireError(`a number is truncated, or longer than ${maxBytes} bytes, at byte ${at}`);
}

/**
 * Skips an unknown field. Rejects groups, because proto3 has none, and tags in more bytes than they need, which could hide
 * a field that needs a check.
 *
 * @param members - the largest field number of the message. A known field with a wrong wire type is rejected: most parsers
 * skip it, but protobuf.js reads on at the wrong place.
 */
function skipUnknown(bytes: Uint8Array, at: number, end: number, members: number): number {
  const begin = longEnd(bytes, at, end);
  const tag = shortVarint(bytes, at, begin);
  const isPadded = begin > at + 1 && bytes[begin - 1] === 0;
  if (tag < 8 || tag > MAX_TAG || isPadded)
    throw new WireError(`a field has the malformed tag ${tag}, at byte ${at}`);
  if (tag < members * 8 + 8)
    throw new WireError(`field ${tag >>> 3} has the wrong wire type ${tag & 7}, at byte ${at}`);
  switch (tag & 7) {
    case 0:
      return varintEnd(bytes, begin, end, MAX_VARINT_BYTES);
    case 1:
      return within(begin + 8, end);
    case 2:
      return within(longEnd(bytes, begin, end) + longLength(bytes, begin, end), end);
    case 5:
      return within(begin + 4, end);
    default:
      throw new WireError(`field ${tag >>> 3} has wire type ${tag & 7}, which is not valid, at byte ${at}`);
  }
}

/** Returns a position if it lies within the enclosing message. */
function within(at: number, end: number): number {
  if (at > end) throw truncated(end);
  return at;
}
