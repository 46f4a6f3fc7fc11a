/**
 * Payloads as bytes: a generator of valid ones, and the places in a request or result where a part of one can stand.
 */
import * as fc from "fast-check";
import { bytesField, concat, numberField, tag } from "../../support/wire-bytes.js";

/** One message that is sent to the server as bytes. */
export interface Sample {
  readonly target: "request" | "submission" | "result" | "hello";
  /** The encoded Request, Submission, Result or Hello. */
  readonly message: Buffer;
  /** The path that a refusal must name; undefined if it may name any. */
  readonly path: string | undefined;
}

/** The topic of the requests, on which all stock peers are producers. */
export const REQUEST_TOPIC = "stock.requests";

/** A request with these fields. */
export function request(path: string | undefined, ...fields: readonly Uint8Array[]): Sample {
  return { target: "request", message: concat(bytesField(1, REQUEST_TOPIC), ...fields), path };
}

/** A submission of a request with this entry in its trace context. */
export function submission(contextEntry: Uint8Array): Sample {
  const { message } = request(undefined);
  return {
    target: "submission",
    message: concat(bytesField(1, "c1"), bytesField(2, message), bytesField(5, contextEntry)),
    path: undefined,
  };
}

/** The Hello of a further producer. */
export function hello(...fields: readonly Uint8Array[]): Sample {
  return { target: "hello", message: concat(...fields), path: undefined };
}

/** A result with these fields. */
export function result(path: string | undefined, ...fields: readonly Uint8Array[]): Sample {
  return { target: "result", message: concat(...fields), path };
}

/** An entry of a map from string to string or to a message. */
export function entry(key: Uint8Array | string, value: Uint8Array | string): Buffer {
  return concat(bytesField(1, key), bytesField(2, value));
}

/** A google.protobuf.Value with a string. */
export function stringValue(text: Uint8Array | string): Buffer {
  return bytesField(3, text);
}

/** A google.protobuf.Value with a number. */
export function numberValue(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return concat(tag(2, 1), bytes);
}

/** A google.protobuf.Value with a list of these values. */
export function listValue(...values: readonly Uint8Array[]): Buffer {
  return bytesField(6, concat(...values.map((value) => bytesField(1, value))));
}

/** A google.protobuf.Value with an object of these entries. */
export function structValue(...entries: readonly Uint8Array[]): Buffer {
  return bytesField(5, concat(...entries.map((one) => bytesField(1, one))));
}

/** A google.rpc.Status. */
export function statusOf(message: Uint8Array | string, ...details: readonly Uint8Array[]): Buffer {
  return concat(numberField(1, 9), bytesField(2, message), ...details.map((detail) => bytesField(3, detail)));
}

/** A google.protobuf.Any. */
export function any(typeUrl: Uint8Array | string, value: Uint8Array): Buffer {
  return concat(bytesField(1, typeUrl), bytesField(2, value));
}

/** Text with every kind of character, without lone surrogates. */
export const text: fc.Arbitrary<string> = fc.string({ unit: "binary", maxLength: 12 });

/** A valid encoded google.protobuf.Value. */
export const value: fc.Arbitrary<Buffer> = fc.letrec<{ value: Buffer }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constant(numberField(1, 0)),
    fc.boolean().map((is) => numberField(4, is ? 1 : 0)),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(numberValue),
    text.map(stringValue),
    fc.array(tie("value"), { maxLength: 4 }).map((values) => listValue(...values)),
    fc
      .uniqueArray(fc.tuple(text, tie("value")), { selector: ([key]) => key, maxLength: 4 })
      .map((entries) => structValue(...entries.map(([key, one]) => entry(key, one)))),
  ),
})).value;

/** Puts an encoded Value into the arguments, a keyword argument or a result. */
export const valuePlace: fc.Arbitrary<(value: Uint8Array) => Sample> = fc.constantFrom(
  (one: Uint8Array) => request("request.args", bytesField(2, bytesField(1, one))),
  (one: Uint8Array) => request("request.kwargs", bytesField(3, bytesField(1, entry("key", one)))),
  (one: Uint8Array) => result("result.value", bytesField(1, one)),
);

/** Puts a text into each place of a request or a result that holds one. */
export const textPlace: fc.Arbitrary<(text: Uint8Array | string) => Sample> = fc.constantFrom(
  (one: Uint8Array | string) => request("request.args", bytesField(2, bytesField(1, stringValue(one)))),
  (one: Uint8Array | string) =>
    request("request.kwargs", bytesField(3, bytesField(1, entry(one, numberValue(1))))),
  (one: Uint8Array | string) =>
    request("request.kwargs", bytesField(3, bytesField(1, entry("key", stringValue(one))))),
  (one: Uint8Array | string) => request("request.content_type", bytesField(5, one)),
  (one: Uint8Array | string) => request("request.attributes", bytesField(6, entry(one, "value"))),
  (one: Uint8Array | string) => request("request.attributes", bytesField(6, entry("key", one))),
  (one: Uint8Array | string) => result("result.value", bytesField(1, stringValue(one))),
  (one: Uint8Array | string) =>
    result("result.value", bytesField(1, structValue(entry(one, numberValue(1))))),
  (one: Uint8Array | string) => result("result.content_type", bytesField(2, "data"), bytesField(4, one)),
  (one: Uint8Array | string) => result("result.attributes", bytesField(5, entry(one, "value"))),
  (one: Uint8Array | string) => result("result.attributes", bytesField(5, entry("key", one))),
  (one: Uint8Array | string) => result("result.error", bytesField(3, statusOf(one))),
  (one: Uint8Array | string) =>
    result("result.error", bytesField(3, statusOf("text", any(one, Buffer.alloc(3))))),
);

/** Puts a field next to the others of each message of a payload. */
export const fieldPlace: fc.Arbitrary<(field: Uint8Array) => Sample> = fc.constantFrom(
  (field: Uint8Array) => request("request.args", bytesField(2, field)),
  (field: Uint8Array) =>
    request("request.args", bytesField(2, bytesField(1, concat(stringValue("text"), field)))),
  (field: Uint8Array) => request("request.kwargs", bytesField(3, field)),
  (field: Uint8Array) =>
    request("request.kwargs", bytesField(3, bytesField(1, concat(entry("key", numberValue(1)), field)))),
  (field: Uint8Array) => request("request.attributes", bytesField(6, concat(entry("key", "value"), field))),
  (field: Uint8Array) => request(undefined, field),
  (field: Uint8Array) => result("result.value", bytesField(1, concat(stringValue("text"), field))),
  (field: Uint8Array) => result("result.value", bytesField(1, listValue(concat(stringValue("text"), field)))),
  (field: Uint8Array) => result("result.error", bytesField(3, concat(statusOf("text"), field))),
  (field: Uint8Array) =>
    result("result.error", bytesField(3, statusOf("text", concat(any("type", Buffer.alloc(2)), field)))),
  (field: Uint8Array) => result("result.attributes", bytesField(5, concat(entry("key", "value"), field))),
  (field: Uint8Array) => result(undefined, bytesField(2, "data"), field),
);
