import { fieldSize, ListenResponse } from "ate-dispatcher-client/internal";
import { describe, expect, it } from "vitest";
import { FieldFinder, writeFieldHead } from "./wire.js";

describe("the field finder", () => {
  it("follows a path of fields, item by item, and skips others", () => {
    const payloads = [Buffer.from("first"), Buffer.alloc(300, 7)];
    const events = payloads.map((value, index) => ({
      event: {
        $case: "delivery" as const,
        value: {
          requestId: "r",
          ordinal: index + 1,
          sequence: 2n ** 63n,
          context: { a: "b" },
          result: { outcome: { $case: "data" as const, value } },
        },
      },
    }));
    const bytes = ListenResponse.encode(ListenResponse.fromPartial({ events })).finish();

    const reader = new FieldFinder();
    const found: Uint8Array[] = [];
    reader.open(bytes);
    for (let end = reader.find(1, bytes.length); end !== -1; end = reader.find(1, bytes.length)) {
      const dataEnd = reader.find(2, reader.find(12, reader.find(1, end)));
      found.push(Buffer.from(bytes.subarray(reader.position, dataEnd)));
      reader.position = end;
    }

    expect(found).toEqual(payloads);
  });

  it("finds no field that is absent", () => {
    const reader = new FieldFinder();
    reader.open(Buffer.from([0x08, 0x96, 0x01]));
    expect(reader.find(2, reader.find(1, 3))).toBe(-1);
  });

  it("reads back the head of a field of any length", () => {
    for (const length of [0, 127, 128, 16_384]) {
      const bytes = Buffer.alloc(fieldSize(length));
      const begin = writeFieldHead(bytes, 0, 3, length);
      const reader = new FieldFinder();
      reader.open(bytes);
      expect(reader.find(3, bytes.length)).toBe(bytes.length);
      expect(reader.position).toBe(begin);
    }
  });
});
