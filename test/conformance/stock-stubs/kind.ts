/**
 * A kind of messages, and the parts that several kinds share.
 */
import * as fc from "fast-check";
import { bytesField, concat, LONE_SURROGATE, numberField, tag } from "../../support/wire-bytes.js";
import { entry, fieldPlace, listValue, numberValue, type Sample, structValue, valuePlace } from "./sample.js";

/** One kind of messages. */
export interface Kind {
  readonly name: string;
  /** Whether the server must accept such a message, must refuse it, or may do either. */
  readonly verdict: "accepted" | "refused" | "either";
  /** Whether every decoder reads the same from it, so that the contents are compared too. */
  readonly isUnambiguous: boolean;
  readonly samples: fc.Arbitrary<Sample>;
}

/** The server must accept such messages, and all peers must read the same. */
export const accepted = (name: string, samples: fc.Arbitrary<Sample>): Kind => ({
  ...{ name, verdict: "accepted", isUnambiguous: true, samples },
});
/** The server must refuse such messages. */
export const refused = (name: string, samples: fc.Arbitrary<Sample>): Kind => ({
  ...{ name, verdict: "refused", isUnambiguous: false, samples },
});
/** The server may accept or refuse such messages. */
export const either = (name: string, samples: fc.Arbitrary<Sample>): Kind => ({
  ...{ name, verdict: "either", isUnambiguous: false, samples },
});

/** The number of a field that no version of the contract has. */
export const unknownNumber = fc.integer({ min: 20_000, max: 536_870_911 });
/** Any bytes. */
export const bytes = fc.uint8Array({ maxLength: 20 }).map((all) => Buffer.from(all));

/** Bytes that are not UTF-8, by what is wrong with them. */
export const BAD_TEXTS = [
  ["a stray byte", Buffer.from([0xff])],
  ["a continuation alone", Buffer.from([0x61, 0x80])],
  ["an unfinished character", Buffer.from([0x61, 0xe2, 0x82])],
  ["an overlong dot", Buffer.from([0xc0, 0xae])],
  ["half an emoji", LONE_SURROGATE],
  ["a character above U+10FFFF", Buffer.from([0xf4, 0x90, 0x80, 0x80])],
] as const;

/** A well-formed field that no version of the contract has. */
export const unknownField = fc.oneof(
  fc.tuple(unknownNumber, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })).map(([n, v]) => numberField(n, v)),
  fc.tuple(unknownNumber, bytes).map(([n, v]) => bytesField(n, v)),
  unknownNumber.map((n) => concat(tag(n, 1), Buffer.alloc(8, 7))),
  unknownNumber.map((n) => concat(tag(n, 5), Buffer.alloc(4, 7))),
);

/** A number of groups, one in the other. */
export function groups(number: number, depth: number): Buffer {
  const begin = Array.from({ length: depth }, () => tag(number, 3));
  const end = Array.from({ length: depth }, () => tag(number, 4));
  return concat(...begin, ...end);
}

/** A Value of this number of lists, one in the other: two nested messages each. */
export function nestedLists(depth: number): Buffer {
  let inner = numberValue(1);
  for (let level = 0; level < depth; level++) inner = listValue(inner);
  return inner;
}

/** A Value of this number of objects, one in the other: three nested messages each. */
export function nestedStructs(depth: number): Buffer {
  let inner = numberValue(1);
  for (let level = 0; level < depth; level++) inner = structValue(entry("", inner));
  return inner;
}

/** Values of messages, in any place. */
export function placedValue(values: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Sample> {
  return fc.tuple(valuePlace, values).map(([place, one]) => place(one));
}

/** Further fields of messages, in any place. */
export function placedField(fields: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Sample> {
  return fc.tuple(fieldPlace, fields).map(([place, one]) => place(one));
}
