import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { WireCursor } from "./cursor.js";
import { RecentText } from "./recent-text.js";

function cursorOver(write: (writer: BinaryWriter) => void): WireCursor {
  const writer = new BinaryWriter();
  write(writer);
  return new WireCursor(writer.finish());
}

describe("a cursor", () => {
  it.each([0, 1, 127, 128, 16_384, 2 ** 28, 2 ** 31, 2 ** 32 - 1])("reads %d", (value) => {
    const cursor = cursorOver((writer) => writer.uint32(value).uint32(7));

    expect([cursor.uint32(), cursor.uint32()]).toEqual([value, 7]);
  });

  it.each([0n, 127n, 2n ** 28n, 2n ** 49n - 1n, 2n ** 49n, 2n ** 64n - 1n])("reads %d", (value) => {
    const cursor = cursorOver((writer) => writer.uint64(value).uint32(7));

    expect([BigInt(cursor.uint64()), cursor.uint32()]).toEqual([value, 7]);
  });

  it.each([0, -1, -2_000_000_000, 1_790_000_000])("reads %d, signed", (value) => {
    const cursor = cursorOver((writer) => writer.int64(value).int32(value).uint32(7));

    expect([cursor.int64(), cursor.int64(), cursor.uint32()]).toEqual([value, value, 7]);
  });

  it.each(["", "p1", "größe", "ü", "0192f7a8-7c1e-7abc-8def-0123456789ab", "größe".repeat(5)])(
    "reads the string %j, also from the cache",
    (text) => {
      const recent = new RecentText();
      const cursor = cursorOver((writer) => {
        for (let i = 0; i < 4; i++) writer.string(text);
      });

      const read = [cursor.text(), cursor.strictText(), cursor.strictText(recent), cursor.strictText(recent)];
      expect(read).toEqual([text, text, text, text]);
    },
  );

  it("skips unknown fields", () => {
    const cursor = cursorOver((writer) => {
      writer.uint32(0x08).uint64(2n ** 64n - 1n);
      writer.uint32(0x11).double(1.5);
      writer.uint32(0x1a).string("?");
      writer.uint32(0x23).uint32(0x08).uint32(1).uint32(0x24);
      writer.uint32(0x2d).fixed32(1);
      writer.uint32(7);
    });

    for (let i = 0; i < 5; i++) cursor.skipField(cursor.uint32());
    expect(cursor.uint32()).toBe(7);
  });

  it.each<[what: string, bytes: number[], read: (cursor: WireCursor) => unknown]>([
    ["a number that is truncated", [0x80], (cursor) => cursor.uint32()],
    ["a long number that is truncated", [0x80, 0x80], (cursor) => cursor.uint64()],
    ["a number of more than 10 bytes", new Array<number>(11).fill(0x80), (cursor) => cursor.uint32()],
    ["a field that is truncated", [3, 65, 66], (cursor) => cursor.text()],
    ["a group that is truncated", [0x08, 1], (cursor) => cursor.skipField(0x1b)],
    ["the end of another group", [0x24], (cursor) => cursor.skipField(0x1b)],
    ["an invalid wire type", [0], (cursor) => cursor.skipField(0x1e)],
    ["an unknown field that is truncated", [3, 65], (cursor) => cursor.skipField(0x1a)],
    ["a string that is not UTF-8, in strict mode", [1, 0xc3], (cursor) => cursor.strictText()],
  ])("rejects %s", (_, bytes, read) => {
    expect(() => read(new WireCursor(Uint8Array.from(bytes)))).toThrow();
  });
});
