/**
 * Finds a field without decoding the message around it. The readers of the client package decode messages, which is part
 * of what the benchmark measures, so the load generator does not use them.
 */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Walks over one message at a time; reused, since it runs once per item. */
export class FieldFinder {
  #bytes: Uint8Array = new Uint8Array();
  /** The offset of the next read. */
  position = 0;

  /** Starts at the head of a message. */
  open(bytes: Uint8Array, position = 0): void {
    this.#bytes = bytes;
    this.position = position;
  }

  /**
   * Moves to the next length-delimited field of this number within the message that ends at `end`.
   *
   * @returns the end of the field's value, with {@link position} at its beginning; -1 if there is none. An `end` of -1
   * returns -1, so that a path of fields can be followed without a check at each step.
   */
  find(field: number, end: number): number {
    const bytes = this.#bytes;
    const wanted = (field << 3) | LENGTH_DELIMITED;
    while (this.position < end) {
      // Most tags and lengths take one byte, and most fields are skipped.
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

  /** Reads a varint. Values above 32 bits are skipped correctly, but not returned. */
  varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.position++];
      if (byte === undefined) throw new Error("a message is truncated");
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

/** Writes tag and length of a length-delimited field. @returns the position behind them. */
export function writeFieldHead(target: Uint8Array, position: number, field: number, length: number): number {
  let at = position;
  target[at++] = (field << 3) | LENGTH_DELIMITED;
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) target[at++] = (rest & 0x7f) | 0x80;
  target[at++] = rest;
  return at;
}
