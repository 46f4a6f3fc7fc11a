import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { DispatcherError } from "../errors.js";
import { ListValue, Struct, Value } from "../gen/google/protobuf/struct.js";
import type { Json } from "./json.js";
import { readList, readStruct, readValue } from "./json-decoder.js";
import { writeList, writeStruct, writeValue } from "./json-encoder.js";

describe("JSON on the wire", () => {
  it.each<[Json]>([
    [null],
    [true],
    [false],
    [0],
    [-1.5],
    [2 ** 53],
    [""],
    ["grüße 🙂"],
    [[]],
    [{}],
    [[null, [null], { a: null }]],
    [{ "": 1, "a.b": { c: [1, "two", false] } }],
    ["x".repeat(70_000)],
  ])("keeps %j", (value) => {
    expect(readValue(encoded(value))).toEqual(value);
  });

  it("keeps a key named __proto__, at both ends and as an own property", () => {
    const value = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}') as Json;

    const read = readValue(encoded(value)) as Record<string, Json>;

    expect(JSON.stringify(read)).toBe(JSON.stringify(value));
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect("polluted" in read).toBe(false);
  });

  it("writes a lone surrogate as the replacement character, never as invalid UTF-8", () => {
    expect(readValue(encoded("cut \ud83d"))).toBe("cut \ufffd");
  });

  it("writes what the generated codecs read, and reads what they write", () => {
    const fields = { a: [1, { b: null }, "c"], d: true };
    const struct = new BinaryWriter();
    writeStruct(struct, fields, "kwargs");
    const list = new BinaryWriter();
    writeList(list, [fields, 2], "args");

    expect(Struct.unwrap(Struct.decode(struct.finish()))).toEqual(fields);
    expect(ListValue.unwrap(ListValue.decode(list.finish()))).toEqual([fields, 2]);
    expect(readStruct(Struct.encode(Struct.wrap(fields)).finish())).toEqual(fields);
    expect(readList(ListValue.encode(ListValue.wrap([fields, 2])).finish())).toEqual([fields, 2]);
    expect(readValue(Value.encode({ kind: undefined }).finish())).toBeNull();
  });

  it.each<[what: string, value: unknown, message: RegExp]>([
    ["undefined", { a: [1, 2, undefined] }, /kwargs\.v\.a\[2\] is undefined/],
    ["a hole", new Array(2).fill(1, 0, 1), /kwargs\.v\[1\] is undefined/],
    ["NaN", Number.NaN, /kwargs\.v is NaN/],
    ["Infinity", [[Number.NEGATIVE_INFINITY]], /kwargs\.v\[0\]\[0\] is -Infinity/],
    ["a bigint", 1n, /kwargs\.v is a bigint/],
    ["a function", { f: () => 1 }, /kwargs\.v\.f is a function/],
    ["a symbol", Symbol("s"), /kwargs\.v is a symbol/],
    ["a Date", { at: new Date(0) }, /kwargs\.v\.at is a Date instance; use toISOString/],
    ["bytes", { b: new Uint8Array(1) }, /kwargs\.v\.b is a Uint8Array instance; send it as data/],
    ["a Map", new Map(), /kwargs\.v is a Map instance/],
    ["a class instance", new (class Point {})(), /kwargs\.v is a Point instance/],
  ])("rejects %s, with its path", (_, value, message) => {
    expect(() => writeStruct(new BinaryWriter(), { v: value }, "kwargs")).toThrow(message);
  });

  it("reports the path as a field violation too", () => {
    const error = caught(() => writeList(new BinaryWriter(), [{ a: undefined }], "args"));

    expect(error.reason).toBe("UNSERIALIZABLE_VALUE");
    expect(error.fieldViolations).toEqual([
      { field: "args[0].a", description: "is undefined; use null or leave it out" },
    ]);
  });

  it("rejects a value that contains itself, but not one that is used twice", () => {
    const shared = { x: 1 };
    const cycle: Record<string, unknown> = { shared, again: shared };

    expect(readValue(encoded(cycle as Json))).toEqual({ shared, again: shared });
    cycle["self"] = [cycle];
    expect(() => encoded(cycle as Json)).toThrow(/value\.self\[0\] contains itself/);
  });

  it.each([
    ["objects", 29, (inner: Json): Json => ({ a: inner })],
    ["arrays", 44, (inner: Json): Json => [inner]],
  ])("nests %s only as deep as every receiver can decode", (_, levels, wrap) => {
    const nest = (depth: number): Json => (depth === 0 ? 1 : wrap(nest(depth - 1)));

    expect(() => Value.decode(encoded(nest(levels)))).not.toThrow();
    expect(() => encoded(nest(levels + 1))).toThrow(/is nested too deeply; send it as data instead/);
  });

  it("accepts objects of another realm and without a prototype", () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });

    expect(readValue(encoded(bare as Json))).toEqual({ a: 1 });
  });

  it.each<[what: string, bytes: number[]]>([
    ["a truncated string", [26, 5, 97]],
    ["invalid UTF-8", [26, 2, 0xc3, 0x28]],
    ["a list longer than its value", [50, 9, 10, 0]],
    ["an element longer than its list", [50, 2, 10, 7, 8, 0, 8, 0, 8, 0, 8, 0]],
  ])("rejects %s", (_, bytes) => {
    expect(() => readValue(Uint8Array.from(bytes))).toThrow();
  });

  it("rejects nesting that would exhaust the stack", () => {
    let value = Uint8Array.from([8, 0]);
    for (let depth = 0; depth < 1000; depth++) {
      const list = new BinaryWriter().uint32(10).bytes(value).finish();
      value = new BinaryWriter().uint32(50).bytes(list).finish() as Uint8Array<ArrayBuffer>;
    }

    expect(() => readValue(value)).toThrow(/nested deeper than 256 levels/);
  });
});

function encoded(value: Json): Uint8Array {
  const writer = new BinaryWriter();
  writeValue(writer, value, "value");
  return writer.finish();
}

function caught(run: () => void): DispatcherError {
  try {
    run();
  } catch (error) {
    if (error instanceof DispatcherError) return error;
  }
  throw new Error("expected a DispatcherError");
}
