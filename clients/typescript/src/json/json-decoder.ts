// google.protobuf.Value, ListValue and Struct from the wire as JSON values. Unlike the generated codecs it keeps a key
// named __proto__, refuses invalid UTF-8, and bounds the nesting by its own limit.
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { TAGS } from "../gen/field-numbers.js";
import { type Json, type JsonObject, setOwn } from "./json.js";

const { LIST_VALUE, STRUCT, STRUCT_FIELDS_ENTRY, VALUE } = TAGS;

/** How many objects and arrays may be nested; far beyond what anyone sends, far below what the call stack bears. */
const MAX_DEPTH = 256;

/** Reads a `google.protobuf.Value`; one without a kind is null. Throws on malformed bytes. */
export function readValue(bytes: Uint8Array): Json {
  return readAny(new BinaryReader(bytes), bytes.length, 0);
}

/** Reads a `google.protobuf.ListValue`. Throws on malformed bytes. */
export function readList(bytes: Uint8Array): Json[] {
  return readElements(new BinaryReader(bytes), bytes.length, 0);
}

/** Reads a `google.protobuf.Struct`; of two fields with one key the last one wins. Throws on malformed bytes. */
export function readStruct(bytes: Uint8Array): JsonObject {
  return readFields(new BinaryReader(bytes), bytes.length, 0);
}

function readAny(reader: BinaryReader, end: number, depth: number): Json {
  let value: Json = null;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case VALUE.nullValue:
        reader.int32();
        value = null;
        break;
      case VALUE.numberValue:
        value = reader.double();
        break;
      case VALUE.stringValue:
        value = reader.string(true);
        break;
      case VALUE.boolValue:
        value = reader.bool();
        break;
      case VALUE.structValue:
        value = readFields(reader, endOf(reader, end), depth + 1);
        break;
      case VALUE.listValue:
        value = readElements(reader, endOf(reader, end), depth + 1);
        break;
      default:
        reader.skip(tag & 7);
    }
  }
  return finished(reader, end, value);
}

function readElements(reader: BinaryReader, end: number, depth: number): Json[] {
  if (depth > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH} levels`);
  const values: Json[] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === LIST_VALUE.values) values.push(readAny(reader, endOf(reader, end), depth));
    else reader.skip(tag & 7);
  }
  return finished(reader, end, values);
}

function readFields(reader: BinaryReader, end: number, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH} levels`);
  const fields: Record<string, Json> = {};
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === STRUCT.fields) readField(reader, endOf(reader, end), depth, fields);
    else reader.skip(tag & 7);
  }
  return finished(reader, end, fields);
}

function readField(reader: BinaryReader, end: number, depth: number, fields: Record<string, Json>): void {
  let key = "";
  let value: Json = null;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === STRUCT_FIELDS_ENTRY.key) key = reader.string(true);
    else if (tag === STRUCT_FIELDS_ENTRY.value) value = readAny(reader, endOf(reader, end), depth);
    else reader.skip(tag & 7);
  }
  setOwn(fields, key, finished(reader, end, value));
}

/** Where the embedded message ends that begins here; it must not reach past the one around it. */
function endOf(reader: BinaryReader, outerEnd: number): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > outerEnd) throw new RangeError("an embedded message is longer than the one around it");
  return end;
}

function finished<T>(reader: BinaryReader, end: number, value: T): T {
  if (reader.pos !== end) throw new RangeError("a field is longer than the message around it");
  return value;
}
