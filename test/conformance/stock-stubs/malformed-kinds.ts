/**
 * Malformed messages that the server must refuse.
 */
import * as fc from "fast-check";
import { bytesField, concat, numberField, tag, varint } from "../../support/wire-bytes.js";
import {
  BAD_TEXTS,
  either,
  groups,
  type Kind,
  nestedLists,
  nestedStructs,
  placedField,
  placedValue,
  refused,
  unknownNumber,
} from "./kind.js";
import { textPlace } from "./sample.js";

/** The kinds. */
export const MALFORMED_KINDS: readonly Kind[] = [
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
