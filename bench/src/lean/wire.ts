/**
 * Just enough of the protobuf wire format to find a field without decoding the message around it.
 */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Walks over one message at a time; kept and reused, since it runs once per item. */
export class WireReader {
  #bytes: Uint8Array = new Uint8Array();
  /** Where the next read begins. */
  position = 0;

  /** Begins at the head of a message. */
  open(bytes: Uint8Array, position = 0): void {
    this.#bytes = bytes;
    this.position = position;
  }

  /**
   * Goes to the next length-delimited field of this number within the message that ends at `end`.
   *
   * @returns where the field's value ends, with {@link position} where it begins; -1 if there is none, also for an
   * `end` of -1, so that a path of fields can be followed without a check at each step.
   */
  find(field: number, end: number): number {
    const bytes = this.#bytes;
    const wanted = (field << 3) | LENGTH_DELIMITED;
    while (this.position < end) {
      // Most tags and lengths are one byte, and most fields are passed over.
      const tag =
        (bytes[this.position] as number) < 0x80 ? (bytes[this.position++] as number) : this.varint();
      if ((tag & 7) !== LENGTH_DELIMITED) {
        this.#skip(tag & 7);
        continue;
      }
      const length =
        (bytes[this.position] as number) < 0x80 ? (bytes[this.position++] as number) : this.varint();
      if (tag === wanted) return this.position + length;
      this.position += length;
    }
    return -1;
  }

  /** Reads a varint; correct up to 32 bits, longer ones are passed over. */
  varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.position++];
      if (byte === undefined) throw new Error("a message is cut off");
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  #skip(wireType: number): void {
    if (wireType === VARINT) this.varint();
    else if (wireType === FIXED64) this.position += 8;
    else if (wireType === FIXED32) this.position += 4;
    else throw new Error(`wire type ${wireType} is not in use`);
  }
}

/** How many bytes a varint takes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length++;
  return length;
}

/** Writes tag and length of a length-delimited field. @returns the position behind them. */
export function writeFieldHead(target: Uint8Array, position: number, field: number, length: number): number {
  let at = position;
  target[at++] = (field << 3) | LENGTH_DELIMITED;
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) target[at++] = (rest & 0x7f) | 0x80;
  target[at++] = rest;
  return at;
}

/** Bytes of a length-delimited field in all; its number is at most 15. */
export function fieldLength(length: number): number {
  return 1 + varintLength(length) + length;
}
