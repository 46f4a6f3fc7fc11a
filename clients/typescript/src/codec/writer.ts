/**
 * Writes protobuf's wire format by hand, for the few messages that are sent hundreds of thousands of times a second.
 *
 * The natural way is the generated codecs, which all other messages use. They move the bytes of an embedded message to
 * make room for its length, and start a new buffer for each message. Together, that was more than a quarter of the cost
 * of an assignment for its producer. This computes sizes first, so that no bytes move, and reuses the buffer. It can go
 * when the generated codecs do the same.
 */

/** Strings up to this length, such as ids, are written character by character: a call into Node costs more. */
const MAX_SHORT_LENGTH = 64;
/** The largest buffer that is reused, in bytes. Larger ones are rare, and they never shrink. */
const MAX_KEPT_BYTES = 128 * 1024;
/** The minimum size of a new buffer, in bytes. Buffers grow by doubling. */
const MIN_BUFFER_BYTES = 2 * 1024;

const NO_BUFFER: Buffer = Buffer.alloc(0);

/** ASCII of the digit 0. */
const DIGIT_ZERO = 48;
/** The first number that bitwise operators, which work on signed 32-bit integers, cannot handle. */
const MIN_WIDE = 2 ** 31;

/** The size of a number as a varint, in bytes. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  let size = 3;
  for (let rest = Math.floor(value / 0x4000); rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** The size of a field whose value has `byteLength` bytes: tag, length and value, in bytes. */
export function fieldSize(byteLength: number): number {
  return 1 + varintSize(byteLength) + byteLength;
}

/** The size of a string in UTF-8, in bytes. */
export function textSize(text: string): number {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text);
  }
  return text.length;
}

/** The number of decimal digits of a whole number, which must not be negative. */
export function digitCount(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) count++;
  return count;
}

/** A growing buffer with protobuf's primitives. Supports field numbers up to 15 only, whose tags are one byte. */
export class WireWriter {
  private position = 0;

  /** @param buffer - a buffer to reuse. Without one, the first {@link reserve} creates one. */
  constructor(private buffer: Buffer = NO_BUFFER) {}

  /** The number of written bytes. */
  get byteLength(): number {
    return this.position;
  }

  /** Ensures room for `bytes` more bytes. The writing methods do not check for room. */
  reserve(bytes: number): void {
    const needed = this.position + bytes;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2, MIN_BUFFER_BYTES));
    this.buffer.copy(grown, 0, 0, this.position);
    this.buffer = grown;
  }

  /** Writes a numeric field of up to 53 bits. Omits 0, which is protobuf's default. */
  number(field: number, value: number): void {
    if (value === 0) return;
    this.buffer[this.position++] = field << 3;
    this.varint(value);
  }

  /** Writes a boolean field. Omits false, which is protobuf's default. */
  flag(field: number, isSet: boolean): void {
    if (!isSet) return;
    this.buffer[this.position++] = field << 3;
    this.buffer[this.position++] = 1;
  }

  /** Writes a string field that must be ASCII, such as an id or topic. Omits "", which is protobuf's default. */
  ascii(field: number, text: string): void {
    const { length } = text;
    if (length === 0) return;
    this.begin(field, length);
    if (length > MAX_SHORT_LENGTH) {
      this.position += this.buffer.write(text, this.position, "latin1");
      return;
    }
    const { buffer, position } = this;
    for (let i = 0; i < length; i++) buffer[position + i] = text.charCodeAt(i);
    this.position = position + length;
  }

  /** Writes a string field, also an empty one. @param byteLength - the size of `text`, as {@link textSize} returns it. */
  text(field: number, text: string, byteLength: number): void {
    if (byteLength === text.length && byteLength > 0) {
      this.ascii(field, text);
      return;
    }
    this.begin(field, byteLength);
    this.position += this.buffer.write(text, this.position, "utf8");
  }

  /** Writes a string field with the decimal digits of a whole number, which must not be negative. */
  digits(field: number, value: number): void {
    const length = digitCount(value);
    this.begin(field, length);
    const { buffer, position } = this;
    this.position = position + length;
    let rest = value;
    for (let at = position + length - 1; at >= position; at--) {
      const quotient = Math.floor(rest / 10);
      buffer[at] = DIGIT_ZERO + (rest - quotient * 10);
      rest = quotient;
    }
  }

  /** Writes a field of bytes or of an encoded message, also an empty one. */
  bytes(field: number, bytes: Uint8Array): void {
    this.begin(field, bytes.length);
    this.append(bytes);
  }

  /** Appends encoded fields. */
  append(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.position);
    this.position += bytes.length;
  }

  /** Writes the tag and length of a field whose value, of `byteLength` bytes, follows. */
  begin(field: number, byteLength: number): void {
    this.buffer[this.position++] = (field << 3) | 2;
    this.varint(byteLength);
  }

  /** Returns a copy of the written bytes and clears the writer. */
  take(): Buffer {
    const { buffer, position } = this;
    const written = Buffer.allocUnsafe(position);
    buffer.copy(written, 0, 0, position);
    this.clear();
    return written;
  }

  /** Drops the written bytes. */
  clear(): void {
    this.position = 0;
    if (this.buffer.length > MAX_KEPT_BYTES) this.buffer = NO_BUFFER;
  }

  /** Clears the writer and releases its buffer for another writer. */
  release(): Buffer {
    this.clear();
    const { buffer } = this;
    this.buffer = NO_BUFFER;
    return buffer;
  }

  private varint(value: number): void {
    const { buffer } = this;
    let { position } = this;
    let rest = value;
    while (rest >= MIN_WIDE) {
      buffer[position++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      buffer[position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[position++] = rest;
    this.position = position;
  }
}
