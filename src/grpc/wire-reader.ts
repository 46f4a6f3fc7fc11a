/**
 * Protobuf's wire format, walked by hand: routing fields are read, payloads stay ranges of the received bytes.
 */

/** The bytes are no valid protobuf message. */
export class WireError extends Error {
  override readonly name = "WireError";
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
/** As many decimal digits as every double can tell apart. */
const MOST_DIGITS = 15;
/** ASCII of the digit 0. */
const DIGIT_ZERO = 48;
const LAST_FIELD = 2 ** 29 - 1;

/** Reads one message, field after field. Throws {@link WireError} if it is malformed. */
export class WireReader {
  /** Field number at hand; set by {@link next}. */
  field = 0;
  private wireType = 0;

  /** @param end - where the message ends in `buffer`. */
  constructor(
    private readonly buffer: Buffer,
    private position: number,
    private end: number,
  ) {}

  /** Begins at a whole message. */
  static of(message: Buffer): WireReader {
    return new WireReader(message, 0, message.length);
  }

  /** Where the reader is. */
  get offset(): number {
    return this.position;
  }

  /** What has been read since an offset, as a view of the received bytes. */
  since(offset: number): Buffer {
    return this.buffer.subarray(offset, this.position);
  }

  /** Goes to the next field, of which the value must then be read or skipped. @returns whether there is one. */
  next(): boolean {
    if (this.position >= this.end) return false;
    const tag = this.varint();
    this.field = tag <= 0x7f ? tag >> 3 : Math.floor(tag / 8);
    this.wireType = tag % 8;
    // Receivers refuse a whole message for such a field, so it must not get through to them.
    if (this.field === 0 || this.field > LAST_FIELD) throw new WireError(`a field has number ${this.field}`);
    return true;
  }

  /** A number of at most 53 bits; larger ones lose precision, negative ones come out huge. */
  number(): number {
    this.expect(VARINT);
    return this.varint();
  }

  /** A boolean. */
  bool(): boolean {
    return this.number() !== 0;
  }

  /** An enum or int32; negative ones come out negative, and of longer ones the lower 32 bits count. */
  int32(): number {
    this.expect(VARINT);
    const start = this.position;
    const low = this.varint();
    if (low < 2 ** 31) return low;
    let value = 0;
    for (let i = start, shift = 0; shift < 32; i++, shift += 7)
      value |= ((this.buffer[i] ?? 0) & 0x7f) << shift;
    return value;
  }

  /** A signed number of up to 53 bits. */
  int64(): number {
    this.expect(VARINT);
    const start = this.position;
    const low = this.varint();
    if (low <= Number.MAX_SAFE_INTEGER) return low;
    let value = 0n;
    for (let i = start, shift = 0n; i < this.position; i++, shift += 7n) {
      value |= BigInt((this.buffer[i] ?? 0) & 0x7f) << shift;
    }
    return Number(BigInt.asIntN(64, value));
  }

  /** A string of which each byte becomes one character; only ASCII ones come out as they were meant. */
  ascii(): string {
    const stop = this.range();
    const text = this.buffer.toString("latin1", this.position, stop);
    this.position = stop;
    return text;
  }

  /**
   * A whole number above 0 in a string of at most 15 decimal digits, the first of them not 0, as we write assignment ids.
   * Costs no string.
   *
   * @returns 0 if the string at hand is anything else; it is then still to be read.
   */
  digits(): number {
    const begin = this.position;
    const stop = this.range();
    const start = this.position;
    let value = 0;
    let at = stop - start <= MOST_DIGITS && this.buffer[start] !== DIGIT_ZERO ? start : stop;
    for (; at < stop; at++) {
      const digit = (this.buffer[at] ?? 0) - DIGIT_ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at < stop || value === 0) {
      this.position = begin;
      return 0;
    }
    this.position = stop;
    return value;
  }

  /** A string. */
  utf8(): string {
    const stop = this.range();
    const text = this.buffer.toString("utf8", this.position, stop);
    this.position = stop;
    return text;
  }

  /** Bytes or an embedded message, as a view of the received ones. */
  bytes(): Buffer {
    const stop = this.range();
    const view = this.buffer.subarray(this.position, stop);
    this.position = stop;
    return view;
  }

  /** An embedded message, to be read on its own. */
  message(): WireReader {
    const stop = this.range();
    const inner = new WireReader(this.buffer, this.position, stop);
    this.position = stop;
    return inner;
  }

  /**
   * Goes into an embedded message, whose fields come next; once they are read, {@link leave} goes on behind it. Costs
   * nothing, where {@link message} costs an object.
   *
   * @returns what `leave` is to be given.
   */
  enter(): number {
    const outer = this.end;
    this.end = this.range();
    return outer;
  }

  /** Goes on behind the embedded message at hand. @param outer - what {@link enter} returned. */
  leave(outer: number): void {
    this.position = this.end;
    this.end = outer;
  }

  /** Passes over the value at hand. */
  skip(): void {
    switch (this.wireType) {
      case VARINT:
        this.varint();
        return;
      case FIXED64:
        this.advance(8);
        return;
      case LENGTH_DELIMITED:
        this.position = this.range();
        return;
      case FIXED32:
        this.advance(4);
        return;
      default:
        throw new WireError(`field ${this.field} has wire type ${this.wireType}, which is not in use`);
    }
  }

  private expect(wireType: number): void {
    if (this.wireType === wireType) return;
    throw new WireError(`field ${this.field} has wire type ${this.wireType} instead of ${wireType}`);
  }

  /** Reads a length. @returns where the value ends. */
  private range(): number {
    this.expect(LENGTH_DELIMITED);
    const length = this.varint();
    if (length > this.end - this.position) throw new WireError(`field ${this.field} is cut off`);
    return this.position + length;
  }

  private advance(bytes: number): void {
    if (bytes > this.end - this.position) throw new WireError(`field ${this.field} is cut off`);
    this.position += bytes;
  }

  private varint(): number {
    // Most tags, lengths and numbers are one byte.
    const first = this.position < this.end ? (this.buffer[this.position] ?? 0x80) : 0x80;
    if (first < 0x80) {
      this.position++;
      return first;
    }
    return this.longVarint();
  }

  private longVarint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.position >= this.end) throw new WireError("a number is cut off");
      const byte = this.buffer[this.position++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new WireError("a number is longer than 10 bytes");
  }
}
