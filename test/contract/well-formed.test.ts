/**
 * What the server forwards verbatim, every stock protobuf parser can read; what it cannot, the server rejects with the
 * path of the field. The stock parsers of three languages are asked in test/conformance/stock-stubs.
 */
import { Request, Result, Status, Value } from "ate-dispatcher-client/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ResultReturned } from "../../src/core/vocabulary/input.js";
import { decodeProduce } from "../../src/grpc/wire/decode-produce.js";
import { decodeRequest } from "../../src/grpc/wire/decode-request.js";
import { createEntryLimits } from "../../src/grpc/wire/entry-limits.js";
import { MAX_NESTED_MESSAGES } from "../../src/grpc/wire/payload-walk.js";
import {
  bytesField,
  concat,
  LONE_SURROGATE,
  numberField,
  tag,
  UNKNOWN_FIELDS,
  varint,
} from "../support/wire-bytes.js";

const SESSION = 7;
const MAX_RESULT_BYTES = 100_000;
const LIMITS = { maxResultBytes: MAX_RESULT_BYTES, entries: createEntryLimits(10_000) };
const BAD_TEXT = Buffer.from([0x61, 0xff, 0x62]);
const LONG_BAD_TEXT = concat(Buffer.alloc(1_000, "a"), BAD_TEXT);

/** A Value of nested lists: 1 message, and 2 more for each level. */
const nestedLists = (levels: number): Buffer =>
  levels === 0 ? numberField(1, 0) : bytesField(6, bytesField(1, nestedLists(levels - 1)));
/** A Value of nested objects: 1 message, and 3 more for each level. */
const nestedObjects = (levels: number): Buffer =>
  levels === 0 ? numberField(1, 0) : bytesField(5, bytesField(1, bytesField(2, nestedObjects(levels - 1))));
/** A Struct with one field. */
const struct = (value: Uint8Array, key: Uint8Array | string = "k"): Buffer =>
  bytesField(1, concat(bytesField(1, key), bytesField(2, value)));

const requestOf = (...fields: readonly Uint8Array[]) => concat(bytesField(1, "t"), ...fields);
const violationOf = (request: Buffer) => decodeRequest(request).malformed?.violations[0]?.field;
const replyOf = (result: Uint8Array): ResultReturned => {
  const reply = concat(bytesField(1, "5"), numberField(2, 1), bytesField(3, result));
  const [input] = decodeProduce(bytesField(1, bytesField(1, reply)), SESSION, LIMITS);
  return input as ResultReturned;
};

/** Values that no parser reads. */
const MALFORMED_VALUES: readonly (readonly [string, Uint8Array])[] = [
  ["a string that is not UTF-8", bytesField(3, BAD_TEXT)],
  ["a long string that is not UTF-8", bytesField(3, LONG_BAD_TEXT)],
  ["half of an emoji", bytesField(3, LONE_SURROGATE)],
  ["a key that is not UTF-8", bytesField(5, struct(numberField(4, 1), BAD_TEXT))],
  ["a truncated number", Buffer.from([0x11, 1, 2])],
  ["a tag without a length", Buffer.from([0x1a])],
  ["half of a length", Buffer.from([0x1a, 0x80])],
  ["half of a tag", Buffer.from([0x9a])],
  ["a tag in two bytes instead of one", Buffer.from([0x9a, 0x00, 0x01, 0xff])],
  ["a length beyond the value", Buffer.from([0x1a, 9, 1])],
  ["a length in more than five bytes", concat(Buffer.from([0x1a]), padded(0, 6))],
  ["a tag in more than five bytes", concat(padded(8, 6), Buffer.from([0]))],
  ["a number of more than 64 bits", concat(Buffer.from([0x20]), Buffer.alloc(9, 0xff), Buffer.from([2]))],
  ["a number of eleven bytes", concat(Buffer.from([0x20]), Buffer.alloc(10, 0xff), Buffer.from([0]))],
  ["a group", concat(tag(9, 3), tag(9, 4))],
  ["the end of a group", tag(9, 4)],
  ["wire type 6", tag(9, 6)],
  ["field number 0", numberField(0, 1)],
  ["a field number beyond 29 bits", concat(varint(2 ** 32 + 8), Buffer.from([0]))],
  ["an entry without a value", bytesField(5, bytesField(1, bytesField(1, "k")))],
  ["a known field with another wire type", numberField(3, 5)],
  ["a list with another wire type", numberField(6, 5)],
  ["an element with another wire type", bytesField(6, numberField(1, 5))],
  ["a field of an object with another wire type", bytesField(5, numberField(1, 5))],
  ["too many lists", nestedLists(45)],
  ["too many objects", nestedObjects(30)],
  ["a thousand lists", nestedLists(1_000)],
];

describe("a malformed request names the path of its field:", () => {
  it.each(MALFORMED_VALUES)("%s", (_, value) => {
    expect(violationOf(requestOf(bytesField(2, bytesField(1, value))))).toBe("request.args");
    expect(violationOf(requestOf(bytesField(3, struct(value))))).toBe("request.kwargs");
  });

  it.each<readonly [string, Uint8Array]>([
    ["request.content_type", bytesField(5, BAD_TEXT)],
    ["request.attributes", bytesField(6, bytesField(1, BAD_TEXT))],
    ["request.attributes", bytesField(6, bytesField(2, BAD_TEXT))],
    ["request.attributes", bytesField(6, Buffer.from([0x0a, 9]))],
    ["request.selector", bytesField(10, bytesField(1, BAD_TEXT))],
    ["request.selector", bytesField(10, bytesField(2, bytesField(2, BAD_TEXT)))],
    ["request.completion", bytesField(9, Buffer.from([0x08]))],
    ["request.args", numberField(2, 1)],
    ["request.data", numberField(4, 1)],
    ["request.content_type", numberField(5, 1)],
    ["request.attributes", bytesField(6, numberField(1, 1))],
    ["request.ttl", bytesField(7, Buffer.from([0x08]))],
    ["request.topic", concat(bytesField(1, BAD_TEXT), bytesField(1, "t"))],
    ["request.request_id", concat(bytesField(8, BAD_TEXT), bytesField(8, "r"))],
  ])("%s", (path, field) => {
    const { malformed } = decodeRequest(concat(field, bytesField(1, "t")));
    expect(malformed?.violations[0]?.field).toBe(path);
    expect(malformed?.reason).toBe("MALFORMED_MESSAGE");
  });

  it("the request itself, if a field is cut", () => {
    expect(decodeRequest(concat(bytesField(1, "t"), Buffer.from([0x12, 5]))).malformed).toMatchObject({
      reason: "MALFORMED_MESSAGE",
      violations: [{ field: "request.args" }],
    });
  });
});

describe("a malformed result becomes the final failure of its assignment:", () => {
  it.each(MALFORMED_VALUES)("%s", (_, value) => {
    const input = replyOf(bytesField(1, value));
    expect(input).toMatchObject({ assignment: 5, more: false, failure: { code: 3 } });
    expect(input.fault).toMatchObject({ reason: "MALFORMED_RESULT", metadata: { assignment_id: "5" } });
    const { outcome } = Result.decode(input.payload);
    expect(outcome).toMatchObject({ $case: "error", value: { code: 3, message: input.failure?.message } });
  });

  it.each<readonly [string, Uint8Array]>([
    ["a content type", bytesField(4, BAD_TEXT)],
    ["an attribute", bytesField(5, bytesField(2, BAD_TEXT))],
    ["the text of an error", bytesField(3, bytesField(2, BAD_TEXT))],
    ["the type of an error's detail", bytesField(3, bytesField(3, bytesField(1, BAD_TEXT)))],
    ["an error that a value replaces", concat(bytesField(3, bytesField(2, BAD_TEXT)), bytesField(2, "x"))],
  ])("%s that is not UTF-8", (_, result) => {
    expect(replyOf(result).fault?.reason).toBe("MALFORMED_RESULT");
  });

  it("a result whose delivery exceeds the message limit", () => {
    expect(replyOf(bytesField(2, Buffer.alloc(MAX_RESULT_BYTES - 4))).fault).toBeUndefined();
    expect(replyOf(bytesField(2, Buffer.alloc(MAX_RESULT_BYTES))).fault).toMatchObject({
      reason: "MESSAGE_LIMIT",
      metadata: { assignment_id: "5", limit: String(MAX_RESULT_BYTES) },
    });
  });

  it("and the messages behind it in the same batch still count", () => {
    const bad = concat(bytesField(1, "5"), bytesField(3, bytesField(1, BAD_TEXT.subarray(1))));
    const good = concat(bytesField(1, "6"), bytesField(3, bytesField(2, "x")));
    const batch = concat(...[bad, good].map((reply) => bytesField(1, bytesField(1, reply))));
    const inputs = [...decodeProduce(batch, SESSION, LIMITS)] as ResultReturned[];
    expect(inputs.map(({ assignment, fault }) => [assignment, fault?.reason])).toEqual([
      [5, "MALFORMED_RESULT"],
      [6, undefined],
    ]);
  });
});

describe("a well-formed payload passes:", () => {
  it.each<readonly [string, Uint8Array]>([
    ["an empty value", concat()],
    ["unknown fields", UNKNOWN_FIELDS],
    ["numbers in more bytes than they need", Buffer.from([0x20, 0x81, 0x80, 0x00])],
    ["several members of the oneof", concat(numberField(4, 1), bytesField(3, "ä"), nestedLists(2))],
    ["an entry without a key", bytesField(5, bytesField(1, bytesField(2, numberField(4, 1))))],
    ["NaN", Buffer.from([0x11, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f])],
    ["bytes of any kind in an unknown field", bytesField(99, BAD_TEXT)],
    ["44 lists", nestedLists(44)],
    ["29 objects", nestedObjects(29)],
  ])("%s", (_, value) => {
    expect(decodeRequest(requestOf(bytesField(2, bytesField(1, value)))).malformed).toBeUndefined();
    expect(replyOf(bytesField(1, value))).toMatchObject({ more: true, fault: undefined });
  });

  it("at most 90 nested messages", () => {
    // The list `args` and the value in it are two; each further list adds two.
    const lists = (MAX_NESTED_MESSAGES - 2) / 2;
    expect(violationOf(requestOf(bytesField(2, bytesField(1, nestedLists(lists)))))).toBeUndefined();
    expect(
      decodeRequest(requestOf(bytesField(2, bytesField(1, nestedLists(lists + 1))))).malformed,
    ).toMatchObject({
      reason: "INVALID_FIELD",
      violations: [{ field: "request.args", description: expect.stringContaining("90") }],
    });
  });

  it("if it passes after any corruption, the generated code reads it, and its text is UTF-8", () => {
    const encoded = fc
      .jsonValue({ maxDepth: 4 })
      .map((json) => Buffer.from(Value.encode(Value.wrap(json)).finish()))
      .filter((message) => message.length > 0);
    let passed = 0;
    fc.assert(
      fc.property(encoded, fc.nat(), fc.nat(255), fc.boolean(), (message, place, byte, isInserted) => {
        const at = place % message.length;
        const rest = message.subarray(isInserted ? at : at + 1);
        const corrupt = concat(message.subarray(0, at), Buffer.from([byte]), rest);
        if (decodeRequest(requestOf(bytesField(2, bytesField(1, corrupt)))).malformed) return;
        passed++;
        expect(JSON.stringify(Value.unwrap(Value.decode(corrupt)) ?? null)).not.toContain("\ufffd");
      }),
      { numRuns: 3_000 },
    );
    expect(passed).toBeGreaterThan(500);
  });

  it("any JSON value, and any error", () => {
    const status = fc.record({ code: fc.nat(20), message: fc.string({ unit: "grapheme" }) });
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue({ maxDepth: 5 })),
        fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ maxDepth: 5 })),
        status,
        (args, kwargs, error) => {
          const request = Request.fromPartial({ topic: "t", args, kwargs } as never);
          expect(decodeRequest(Buffer.from(Request.encode(request).finish())).malformed).toBeUndefined();
          const result = bytesField(3, Status.encode({ ...error, details: [] }).finish());
          expect(replyOf(result).fault).toBeUndefined();
        },
      ),
    );
  });
});

/** A varint of a given number of bytes. */
function padded(value: number, bytes: number): Buffer {
  return Buffer.from([value | 0x80, ...Array.from({ length: bytes - 2 }, () => 0x80), 0]);
}
