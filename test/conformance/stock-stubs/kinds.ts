/**
 * The kinds of messages that are sent to the server: valid ones, odd but valid ones, and malformed ones.
 */
import * as fc from "fast-check";
import { bytesField, concat, LONE_SURROGATE, numberField, tag, varint } from "../../support/wire-bytes.js";
import {
  any,
  entry,
  fieldPlace,
  hello,
  listValue,
  numberValue,
  request,
  result,
  type Sample,
  statusOf,
  structValue,
  submission,
  textPlace,
  value,
  valuePlace,
} from "./sample.js";

/** One kind of messages. */
export interface Kind {
  readonly name: string;
  /** Whether the server must accept such a message, must refuse it, or may do either. */
  readonly verdict: "accepted" | "refused" | "either";
  /** Whether every decoder reads the same from it, so that the contents are compared too. */
  readonly isUnambiguous: boolean;
  readonly samples: fc.Arbitrary<Sample>;
}

const unknownNumber = fc.integer({ min: 20_000, max: 536_870_911 });
const bytes = fc.uint8Array({ maxLength: 20 }).map((all) => Buffer.from(all));

const BAD_TEXTS = [
  ["a stray byte", Buffer.from([0xff])],
  ["a continuation alone", Buffer.from([0x61, 0x80])],
  ["an unfinished character", Buffer.from([0x61, 0xe2, 0x82])],
  ["an overlong dot", Buffer.from([0xc0, 0xae])],
  ["half an emoji", LONE_SURROGATE],
  ["a character above U+10FFFF", Buffer.from([0xf4, 0x90, 0x80, 0x80])],
] as const;

const unknownField = fc.oneof(
  fc.tuple(unknownNumber, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })).map(([n, v]) => numberField(n, v)),
  fc.tuple(unknownNumber, bytes).map(([n, v]) => bytesField(n, v)),
  unknownNumber.map((n) => concat(tag(n, 1), Buffer.alloc(8, 7))),
  unknownNumber.map((n) => concat(tag(n, 5), Buffer.alloc(4, 7))),
);

/** A number of groups, one in the other. */
function groups(number: number, depth: number): Buffer {
  const begin = Array.from({ length: depth }, () => tag(number, 3));
  const end = Array.from({ length: depth }, () => tag(number, 4));
  return concat(...begin, ...end);
}

/** A Value of this number of lists, one in the other: two nested messages each. */
function nestedLists(depth: number): Buffer {
  let inner = numberValue(1);
  for (let level = 0; level < depth; level++) inner = listValue(inner);
  return inner;
}

/** A Value of this number of objects, one in the other: three nested messages each. */
function nestedStructs(depth: number): Buffer {
  let inner = numberValue(1);
  for (let level = 0; level < depth; level++) inner = structValue(entry("", inner));
  return inner;
}

function placedValue(values: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Sample> {
  return fc.tuple(valuePlace, values).map(([place, one]) => place(one));
}

function placedField(fields: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Sample> {
  return fc.tuple(fieldPlace, fields).map(([place, one]) => place(one));
}

const accepted = (name: string, samples: fc.Arbitrary<Sample>): Kind => ({
  ...{ name, verdict: "accepted", isUnambiguous: true, samples },
});
const refused = (name: string, samples: fc.Arbitrary<Sample>): Kind => ({
  ...{ name, verdict: "refused", isUnambiguous: false, samples },
});
const either = (name: string, samples: fc.Arbitrary<Sample>): Kind => ({
  ...{ name, verdict: "either", isUnambiguous: false, samples },
});

/** Every kind, the valid ones first. */
export const KINDS: readonly Kind[] = [
  accepted("any value", placedValue(value)),
  accepted(
    "any text",
    fc.tuple(textPlace, fc.string({ unit: "binary", maxLength: 20 })).map(([place, one]) => place(one)),
  ),
  accepted(
    "any bytes as data",
    fc
      .tuple(fc.boolean(), bytes)
      .map(([isRequest, one]) =>
        isRequest ? request(undefined, bytesField(4, one)) : result(undefined, bytesField(2, one)),
      ),
  ),
  accepted(
    "the deepest values that a client sends",
    placedValue(fc.constantFrom(nestedLists(43), nestedStructs(29))),
  ),
  accepted(
    "any bytes in the details of an error",
    bytes.map((one) => result(undefined, bytesField(3, statusOf("text", any("type.example/Any", one))))),
  ),
  accepted(
    "an error in the details of an error",
    fc.integer({ min: 1, max: 120 }).map((depth) => {
      let inner = statusOf("inner");
      for (let level = 0; level < depth; level++) {
        inner = statusOf("outer", any("type.googleapis.com/google.rpc.Status", inner));
      }
      return result(undefined, bytesField(3, inner));
    }),
  ),
  accepted("unknown fields", placedField(unknownField)),

  either("NaN and infinities", placedValue(fc.constantFrom(NaN, Infinity, -Infinity).map(numberValue))),
  either("an empty value", placedValue(fc.constantFrom(Buffer.alloc(0), listValue(Buffer.alloc(0))))),
  either("a value of two kinds", placedValue(fc.tuple(value, value).map((both) => concat(...both)))),
  either(
    "an object with a key twice",
    placedValue(fc.tuple(value, value).map(([a, b]) => structValue(entry("key", a), entry("key", b)))),
  ),
  either(
    "an entry without a key or without a value",
    fc.oneof(
      placedValue(
        fc.constantFrom(
          structValue(Buffer.alloc(0)),
          structValue(bytesField(1, "key")),
          structValue(bytesField(2, numberValue(1))),
        ),
      ),
      fc.constantFrom(
        request("request.attributes", bytesField(6, "")),
        request("request.attributes", bytesField(6, bytesField(1, "key"))),
        result("result.attributes", bytesField(5, bytesField(2, "value"))),
      ),
    ),
  ),
  either(
    "a list of other things than values",
    placedValue(
      fc
        .oneof(
          bytes.map((one) => bytesField(1, one)),
          fc.constant(numberField(1, 7)),
          unknownField,
        )
        .map((elements) => bytesField(6, elements)),
    ),
  ),
  either(
    "a known field of a wrong wire type",
    fc.oneof(
      placedValue(
        fc.constantFrom(
          bytesField(1, "null"),
          numberField(2, 1),
          bytesField(2, "number"),
          numberField(3, 1),
          concat(tag(3, 1), Buffer.alloc(8, 9)),
          bytesField(4, "bool"),
          numberField(5, 1),
          numberField(6, 1),
          concat(tag(6, 5), Buffer.alloc(4, 9)),
          groups(5, 1),
          groups(6, 1),
        ),
      ),
      fc.constantFrom(
        request("request.args", numberField(2, 1)),
        request("request.kwargs", concat(tag(3, 5), Buffer.alloc(4, 9))),
        request(undefined, numberField(4, 300)),
        request("request.content_type", numberField(5, 300)),
        request("request.attributes", numberField(6, 1)),
        request("request.attributes", bytesField(6, numberField(1, 300))),
        request(undefined, groups(4, 1)),
        result("result.value", numberField(1, 1)),
        result(undefined, numberField(2, 300)),
        result("result.error", numberField(3, 1)),
        result("result.error", bytesField(3, bytesField(1, "code"))),
        result("result.error", bytesField(3, numberField(2, 300))),
        result("result.content_type", numberField(4, 300)),
        result("result.attributes", numberField(5, 1)),
        result(undefined, groups(2, 1)),
      ),
    ),
  ),
  either("a group", placedField(unknownNumber.map((number) => groups(number, 2)))),
  either(
    "a varint of too many bytes",
    placedField(
      fc.constantFrom(
        concat(tag(20_001, 0), Buffer.alloc(9, 0x80), Buffer.from([0x00])),
        concat(tag(20_001, 0), Buffer.alloc(9, 0xff), Buffer.from([0x7f])),
        concat(Buffer.from([0x8a, 0xe2, 0x89, 0x80, 0x00]), varint(1), Buffer.from("x")),
        concat(tag(20_001, 2), Buffer.from([0x81, 0x80, 0x80, 0x00]), Buffer.from("x")),
      ),
    ),
  ),
  either(
    "a value that is cut off anywhere",
    placedValue(
      fc.tuple(value, fc.nat()).map(([whole, at]) => whole.subarray(0, at % Math.max(1, whole.length))),
    ),
  ),
  either(
    "a value with any byte changed",
    placedValue(
      fc.tuple(value, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([whole, at, change]) => {
        const changed = Buffer.from(whole);
        const index = at % Math.max(1, changed.length);
        if (changed.length > 0) changed[index] = (changed[index] ?? 0) ^ change;
        return changed;
      }),
    ),
  ),
  either("any bytes as a value", placedValue(fc.uint8Array({ minLength: 1, maxLength: 40 }))),
  either(
    "any bytes as an error",
    bytes.map((one) => result("result.error", bytesField(3, one))),
  ),
  either(
    "a field twice",
    fc.constantFrom(
      request(undefined, bytesField(1, "stock.requests")),
      request(undefined, bytesField(4, "a"), bytesField(4, "b")),
      request(
        undefined,
        bytesField(2, bytesField(1, numberValue(1))),
        bytesField(2, bytesField(1, numberValue(2))),
      ),
      result(undefined, bytesField(2, "data"), bytesField(1, numberValue(1))),
      result(undefined, bytesField(1, numberValue(1)), bytesField(3, statusOf("text"))),
      result(undefined, bytesField(3, statusOf("a")), bytesField(3, statusOf("b"))),
    ),
  ),
  refused(
    "bad text in a field that routes a request",
    fc
      .tuple(
        fc.constantFrom(
          (one: Uint8Array) => request(undefined, bytesField(8, one)),
          (one: Uint8Array) =>
            request(
              undefined,
              bytesField(10, concat(...["grpcio", "grpc-go", "grpc-js", one].map((id) => bytesField(1, id)))),
            ),
          (one: Uint8Array) => request(undefined, bytesField(10, bytesField(2, entry(one, "v")))),
          (one: Uint8Array) => request(undefined, bytesField(10, bytesField(2, entry("k", one)))),
          (one: Uint8Array) => request(undefined, bytesField(1, concat(Buffer.from("stock."), one))),
        ),
        fc.constantFrom(...BAD_TEXTS),
      )
      .map(([place, [, one]]) => place(one)),
  ),
  either(
    "bad text in a trace context",
    fc
      .tuple(
        fc.constantFrom("traceparent", "tracestate", "baggage"),
        fc.constantFrom(...BAD_TEXTS),
        fc.boolean(),
      )
      .map(([key, [, bad], isKey]) => submission(isKey ? entry(bad, "value") : entry(key, bad))),
  ),
  either(
    "bad text in a Hello",
    fc
      .tuple(
        fc.constantFrom(
          (one: Uint8Array) => hello(bytesField(1, one)),
          (one: Uint8Array) => hello(bytesField(2, one)),
          (one: Uint8Array) => hello(bytesField(3, entry(one, "value"))),
          (one: Uint8Array) => hello(bytesField(3, entry("key", one))),
          (one: Uint8Array) => hello(bytesField(4, bytesField(1, one))),
          (one: Uint8Array) => hello(bytesField(4, entry("topic", one))),
        ),
        fc.constantFrom(...BAD_TEXTS),
      )
      .map(([place, [, one]]) => place(one)),
  ),
  either(
    "a field that routes a request, with an odd field in it",
    fc
      .tuple(
        fc.constantFrom(7, 9, 10),
        fc.oneof(
          unknownField,
          fc.constantFrom(groups(20_001, 1), groups(20_001, 120), tag(20_001, 4), tag(0, 0), tag(20_001, 6)),
        ),
      )
      .map(([number, field]) => {
        const known = number === 7 ? numberField(1, 5) : Buffer.alloc(0);
        return request(undefined, bytesField(number, concat(known, field)));
      }),
  ),

  ...BAD_TEXTS.map(([name, one]) =>
    refused(
      `text with ${name}`,
      textPlace.map((place) => place(one)),
    ),
  ),
  either(
    "values of about 90 nested messages",
    placedValue(fc.constantFrom(nestedLists(44), nestedLists(45), nestedStructs(30))),
  ),
  refused(
    "values deeper than 90 messages",
    placedValue(
      fc.oneof(
        fc.integer({ min: 46, max: 500 }).map(nestedLists),
        fc.integer({ min: 31, max: 330 }).map(nestedStructs),
      ),
    ),
  ),
  refused(
    "groups deeper than 90",
    placedField(fc.integer({ min: 100, max: 1_000 }).map((depth) => groups(20_001, depth))),
  ),
  refused(
    "a length beyond the end",
    placedField(
      fc
        .tuple(unknownNumber, fc.integer({ min: 3, max: 100_000 }))
        .map(([number, length]) => concat(tag(number, 2), varint(length), Buffer.from("xx"))),
    ),
  ),
  refused(
    "a varint without an end",
    placedField(fc.constantFrom(concat(tag(20_001, 0), Buffer.from([0x80])))),
  ),
  refused(
    "a varint of more than ten bytes",
    placedField(fc.constant(concat(tag(20_001, 0), Buffer.alloc(11, 0x80), Buffer.from([0x01])))),
  ),
  refused("the field number 0", placedField(fc.constantFrom(numberField(0, 1), bytesField(0, "x")))),
  refused(
    "a field number above 2^29 - 1",
    placedField(
      fc.constantFrom(concat(varint(2n ** 32n), varint(1)), concat(varint(2n ** 35n + 10n), varint(0))),
    ),
  ),
  refused("wire types 6 and 7", placedField(fc.constantFrom(tag(20_001, 6), tag(20_001, 7)))),
  refused(
    "a group that does not end or did not begin",
    placedField(
      fc.constantFrom(
        tag(20_001, 3),
        tag(20_001, 4),
        concat(tag(20_001, 3), tag(20_002, 4)),
        concat(tag(20_001, 3), tag(20_002, 3), tag(20_001, 4), tag(20_002, 4)),
      ),
    ),
  ),
  refused(
    "a fixed number that is cut off",
    placedField(
      fc.constantFrom(concat(tag(20_001, 1), Buffer.alloc(7)), concat(tag(20_001, 5), Buffer.alloc(3))),
    ),
  ),
];
