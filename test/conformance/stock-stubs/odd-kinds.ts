/**
 * Odd and malformed messages that the server may accept if every peer reads them.
 */
import * as fc from "fast-check";
import { bytesField, concat, numberField, tag, varint } from "../../support/wire-bytes.js";
import {
  BAD_TEXTS,
  bytes,
  either,
  groups,
  type Kind,
  placedField,
  placedValue,
  refused,
  unknownField,
  unknownNumber,
} from "./kind.js";
import {
  entry,
  hello,
  listValue,
  numberValue,
  request,
  result,
  statusOf,
  structValue,
  submission,
  value,
} from "./sample.js";

/** The kinds. */
export const ODD_KINDS: readonly Kind[] = [
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
];
