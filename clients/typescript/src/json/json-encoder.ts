// JSON values as google.protobuf.Value, ListValue and Struct, written straight to the wire. The generated codecs would
// drop undefined, turn a Date into {} and write NaN; here every such value is an error that says where it is.
import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import { invalidArgument } from "../errors.js";
import { TAGS } from "../gen/field-numbers.js";

const { LIST_VALUE, STRUCT, STRUCT_FIELDS_ENTRY, VALUE } = TAGS;

/**
 * How many protobuf messages may be nested in a payload. Receivers in most
 * languages give up at 100 in all, envelope included, and some drop their whole
 * stream then. A JSON object takes three levels and an array two, so that 29
 * nested objects or 44 nested arrays always fit.
 */
const MAX_NESTED_MESSAGES = 90;

interface Trail {
  readonly writer: BinaryWriter;
  /** Where we are: the root's name, then keys and indexes. */
  readonly path: (string | number)[];
  /** The objects and arrays around us; one that contains itself shows up here twice. */
  readonly ancestors: object[];
  /** Nested protobuf messages at this point. */
  depth: number;
}

/**
 * Writes a `google.protobuf.Value`.
 *
 * Refuses what JSON cannot say: undefined, NaN, Infinity, bigint, functions,
 * symbols, class instances (Date, Map, typed arrays), cycles, and nesting that
 * other receivers could not decode. Lone surrogates are written as U+FFFD.
 *
 * @param writer - what to write to; holds part of the value after an error.
 * @param value - the value; own enumerable properties with string keys count.
 * @param root - what an error calls the value, such as `result`.
 * @throws {DispatcherError} INVALID_ARGUMENT, reason UNSERIALIZABLE_VALUE, with the path such as `kwargs.a[2]`.
 */
export function writeValue(writer: BinaryWriter, value: unknown, root: string): void {
  writeAny({ writer, path: [root], ancestors: [], depth: 1 }, value);
}

/** Writes a `google.protobuf.ListValue`; otherwise like {@link writeValue}. */
export function writeList(writer: BinaryWriter, values: readonly unknown[], root: string): void {
  const trail: Trail = { writer, path: [root], ancestors: [], depth: 1 };
  if (!Array.isArray(values)) refuse(trail, "is not an array");
  writeElements(trail, values);
}

/** Writes a `google.protobuf.Struct`; otherwise like {@link writeValue}. */
export function writeStruct(
  writer: BinaryWriter,
  fields: Readonly<Record<string, unknown>>,
  root: string,
): void {
  const trail: Trail = { writer, path: [root], ancestors: [], depth: 1 };
  if (typeof fields !== "object" || fields === null || !isPlain(fields))
    refuse(trail, "is not a plain object");
  writeFields(trail, fields);
}

function writeAny(trail: Trail, value: unknown): void {
  const { writer } = trail;
  switch (typeof value) {
    case "string":
      writer.uint32(VALUE.stringValue).string(value);
      return;
    case "number":
      if (!Number.isFinite(value)) refuse(trail, `is ${value}, which JSON cannot say`);
      writer.uint32(VALUE.numberValue).double(value);
      return;
    case "boolean":
      writer.uint32(VALUE.boolValue).bool(value);
      return;
    case "object":
      if (value === null) writer.uint32(VALUE.nullValue).int32(0);
      else writeObject(trail, value);
      return;
    default:
      refuse(trail, unsayable(value));
  }
}

function unsayable(value: unknown): string {
  if (value === undefined) return "is undefined; use null or leave it out";
  return typeof value === "bigint" ? "is a bigint; use a string" : `is a ${typeof value}`;
}

function writeObject(trail: Trail, value: object): void {
  if (Array.isArray(value)) {
    trail.writer.uint32(VALUE.listValue).fork();
    descend(trail, 1);
    writeElements(trail, value);
  } else {
    if (!isPlain(value))
      refuse(trail, `is a ${value.constructor?.name ?? "class"} instance${remedyFor(value)}`);
    trail.writer.uint32(VALUE.structValue).fork();
    descend(trail, 1);
    writeFields(trail, value as Readonly<Record<string, unknown>>);
  }
  trail.writer.join();
  trail.depth -= 1;
}

function writeElements(trail: Trail, values: readonly unknown[]): void {
  enter(trail, values);
  descend(trail, 1);
  for (let index = 0; index < values.length; index++) {
    trail.path.push(index);
    trail.writer.uint32(LIST_VALUE.values).fork();
    writeAny(trail, values[index]);
    trail.writer.join();
    trail.path.pop();
  }
  trail.depth -= 1;
  trail.ancestors.pop();
}

function writeFields(trail: Trail, fields: Readonly<Record<string, unknown>>): void {
  enter(trail, fields);
  descend(trail, 2);
  for (const key of Object.keys(fields)) {
    trail.path.push(key);
    trail.writer
      .uint32(STRUCT.fields)
      .fork()
      .uint32(STRUCT_FIELDS_ENTRY.key)
      .string(key)
      .uint32(STRUCT_FIELDS_ENTRY.value)
      .fork();
    writeAny(trail, fields[key]);
    trail.writer.join().join();
    trail.path.pop();
  }
  trail.depth -= 2;
  trail.ancestors.pop();
}

/** Guards against a value that contains itself. */
function enter(trail: Trail, value: object): void {
  if (trail.ancestors.includes(value)) refuse(trail, "contains itself");
  trail.ancestors.push(value);
}

function descend(trail: Trail, levels: number): void {
  trail.depth += levels;
  if (trail.depth > MAX_NESTED_MESSAGES) refuse(trail, "is nested too deeply; send it as data instead");
}

/** Also true for objects of another realm, whose Object is not ours. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function remedyFor(value: object): string {
  if (value instanceof Date) return "; use toISOString()";
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer
    ? "; send it as data"
    : "; use a plain object";
}

function refuse(trail: Trail, why: string): never {
  const path = trail.path.reduce<string>((text, key, index) => {
    if (index === 0) return String(key);
    return typeof key === "number" ? `${text}[${key}]` : `${text}.${key}`;
  }, "");
  throw invalidArgument(path, why, "UNSERIALIZABLE_VALUE");
}
