/** Writes and reads protobuf by hand: messages that no generated code would write, and bytes exactly as received. */
import { BinaryReader } from "@bufbuild/protobuf/wire";

/** Concatenates bytes. */
export function concat(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

/** A varint; negative numbers as 64 bits. */
export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** The tag of a field. @param wireType - 0 varint, 1 64 bits, 2 length-delimited, 3 and 4 group, 5 32 bits. */
export function tag(field: number, wireType: number): Buffer {
  return varint(field * 8 + wireType);
}

/** A varint field. */
export function numberField(field: number, value: number | bigint): Buffer {
  return concat(tag(field, 0), varint(value));
}

/** A length-delimited field: a string, bytes or a message. */
export function bytesField(field: number, value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value as Uint8Array);
  return concat(tag(field, 2), varint(bytes.length), bytes);
}

/** Half of an emoji: a lone surrogate, encoded as UTF-8 would encode it if that were valid. */
export const LONE_SURROGATE = Buffer.from([0xed, 0xa0, 0xbd]);

/** Fields with numbers that no version of the contract uses, one of each wire type. */
export const UNKNOWN_FIELDS = concat(
  numberField(1_000, 2n ** 63n),
  concat(tag(1_001, 1), Buffer.alloc(8, 1)),
  bytesField(1_002, "later"),
  concat(tag(1_003, 5), Buffer.alloc(4, 1)),
);

/** Returns the bytes of an embedded message or string, given the path of field numbers. Throws if it is absent. */
export function embedded(message: Uint8Array, ...path: readonly number[]): Buffer {
  const [field, ...rest] = path;
  if (field === undefined) return Buffer.from(message);
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [found, wireType] = reader.tag();
    if (found === field && wireType === 2) return embedded(reader.bytes(), ...rest);
    reader.skip(wireType);
  }
  throw new Error(`there is no field ${field} in ${Buffer.from(message).toString("hex")}`);
}
