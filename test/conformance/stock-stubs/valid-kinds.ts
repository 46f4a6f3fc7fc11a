/**
 * Messages that the server must accept.
 */
import * as fc from "fast-check";
import { bytesField } from "../../support/wire-bytes.js";
import {
  accepted,
  bytes,
  type Kind,
  nestedLists,
  nestedStructs,
  placedField,
  placedValue,
  unknownField,
} from "./kind.js";
import { any, request, result, statusOf, textPlace, value } from "./sample.js";

/** The kinds. */
export const VALID_KINDS: readonly Kind[] = [
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
];
