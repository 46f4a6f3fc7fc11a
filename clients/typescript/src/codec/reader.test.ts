import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { WireError } from "./cursor.js";
import { WireReader } from "./reader.js";

/** A reader over written bytes; the test writes a tag before each value. */
function readerOver(write: (writer: BinaryWriter) => void): WireReader {
  const writer = new BinaryWriter();
  write(writer);
  return new WireReader(writer.finish());
}

/** Reads the value of each field. */
function each(reader: WireReader, ...reads: readonly ((reader: WireReader) => unknown)[]): unknown[] {
  const values = reads.map((read) => {
    expect(reader.next()).toBe(true);
    return read(reader);
  });
  expect(reader.next()).toBe(false);
  return values;
}

describe("a reader", () => {
  it.each([0, 1, 127, 128, 16_384, 2 ** 28, 2 ** 31, 2 ** 32 - 1])("reads %d", (value) => {
    const reader = readerOver((writer) => writer.tag(1, 0).uint32(value).tag(2, 0).uint32(value));

    expect(
      each(
        reader,
        (one) => one.uint32(),
        (one) => one.number(),
      ),
    ).toEqual([value, value]);
  });

  it.each([0, -1, -2_000_000_000, 1_790_000_000])("reads %d, signed", (value) => {
    const reader = readerOver((writer) => writer.tag(1, 0).int64(value).tag(2, 0).int32(value));

    expect(
      each(
        reader,
        (one) => one.int64(),
        (one) => one.int32(),
      ),
    ).toEqual([value, value]);
  });

  it("reads an embedded message to its end and no further", () => {
    const reader = readerOver((writer) => {
      writer.uint32(0x0a).fork().uint32(0x12).string("inner").join();
      writer.uint32(0x18).uint32(7);
    });

    reader.next();
    const outer = reader.enter();
    expect(each(reader, (one) => one.text())).toEqual(["inner"]);
    reader.leave(outer);
    expect(each(reader, (one) => one.uint32())).toEqual([7]);
  });

  it.each<[what: string, bytes: number[], read: (reader: WireReader) => unknown]>([
    ["a tag that is truncated", [0x80], (reader) => reader.next()],
    ["field number 0", [0x02, 0], (reader) => reader.next()],
    ["a field number beyond 29 bits", [0x80, 0x80, 0x80, 0x80, 0x10], (reader) => reader.next()],
    ["a number that is truncated", [0x08, 0x80], (reader) => reader.next() && reader.uint32()],
    ["a long number that is truncated", [0x08, 0x80, 0x80], (reader) => reader.next() && reader.uint64()],
    ["a field that is truncated", [0x0a, 3, 65, 66], (reader) => reader.next() && reader.text()],
    ["a number that is read as a string", [0x08, 1], (reader) => reader.next() && reader.text()],
    ["a string that is read as a number", [0x0a, 1, 65], (reader) => reader.next() && reader.number()],
    ["an unknown field that is truncated", [0x1a, 3, 65], (reader) => reader.next() && reader.skip()],
    ["an unknown number that is truncated", [0x19, 3, 65], (reader) => reader.next() && reader.skip()],
    ["a group", [0x0b, 0x0c], (reader) => reader.next() && reader.skip()],
  ])("rejects %s", (_, bytes, read) => {
    expect(() => read(new WireReader(Uint8Array.from(bytes)))).toThrow(WireError);
  });

  it.each<[what: string, field: number[], read: (reader: WireReader) => unknown]>([
    ["string", [0x12, 2, 65, 66], (reader) => reader.text()],
    ["number", [0x10, 0x81, 1], (reader) => reader.number()],
    ["unknown string", [0x12, 2, 65, 66], (reader) => reader.skip()],
    ["unknown number", [0x10, 0x81, 1], (reader) => reader.skip()],
    ["unknown fixed number", [0x15, 1, 2, 3, 4], (reader) => reader.skip()],
  ])("rejects a %s that extends beyond the enclosing message", (_, field, read) => {
    const reader = new WireReader(Uint8Array.from([0x0a, field.length - 1, ...field]));
    reader.next();
    reader.enter();
    reader.next();

    expect(() => read(reader)).toThrow(WireError);
  });
});
