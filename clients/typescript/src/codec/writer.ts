/**
 * Protobuf's wire format, written by hand for the few messages that are sent hundreds of thousands of times a second; all
 * others go through the generated codecs. Those move the bytes of an embedded message to make room for its length, and
 * begin a new buffer for each message: together more than a quarter of what an assignment cost its producer. Here sizes
 * are computed first, so that nothing moves, and the buffer serves the next message again.
 */

/** Strings up to this length, an id's included, are cheaper to write character by character than by a call into Node. */
const MAX_SHORT_LENGTH = 64;
/** Buffers up to this many bytes are kept for the next message: larger ones are rare, and would stay large. */
const MAX_KEPT_BYTES = 128 * 1024;
/** Size of a new buffer, at least; it grows by doubling. */
const MIN_BUFFER_BYTES = 2 * 1024;

const NO_BUFFER: Buffer = Buffer.alloc(0);

/** ASCII of the digit 0. */
const DIGIT_ZERO = 48;
/** Numbers from here on do not fit the integers that the processor shifts. */
const WIDE = 2 ** 31;

/** Size of a number as a varint, in bytes. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  let size = 3;
  for (let rest = Math.floor(value / 0x4000); rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Size of a field of so many bytes, tag and length included, in bytes. */
export function fieldSize(byteLength: number): number {
  return 1 + varintSize(byteLength) + byteLength;
}

/** Size of a text in UTF-8, in bytes. */
export function textSize(text: string): number {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text);
  }
  return text.length;
}

/** How many decimal digits a whole number has, which is not negative. */
export function digitCount(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) count++;
  return count;
}

/** A growing buffer with protobuf's primitives. Field numbers up to 15 only: their tags are one byte. */
export class WireWriter {
  private position = 0;

  /** @param buffer - a buffer that is no longer in use; without one, the first {@link reserve} makes one. */
  constructor(private buffer: Buffer = NO_BUFFER) {}

  /** Bytes written. */
  get byteLength(): number {
    return this.position;
  }

  /** Makes room for so many bytes, which the calls that follow write without looking. */
  reserve(bytes: number): void {
    const needed = this.position + bytes;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2, MIN_BUFFER_BYTES));
    this.buffer.copy(grown, 0, 0, this.position);
    this.buffer = grown;
  }

  /** A field of numbers, up to 53 bits; 0 is protobuf's default and is left out. */
  number(field: number, value: number): void {
    if (value === 0) return;
    this.buffer[this.position++] = field << 3;
    this.varint(value);
  }

  /** A flag; false is protobuf's default and is left out. */
  flag(field: number, isSet: boolean): void {
    if (!isSet) return;
    this.buffer[this.position++] = field << 3;
    this.buffer[this.position++] = 1;
  }

  /** A string known to be ASCII, as ids and topics are; the empty one is protobuf's default and is left out. */
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

  /** A string of `byteLength` bytes in UTF-8, as {@link textSize} says; also an empty one. */
  text(field: number, text: string, byteLength: number): void {
    if (byteLength === text.length && byteLength > 0) {
      this.ascii(field, text);
      return;
    }
    this.begin(field, byteLength);
    this.position += this.buffer.write(text, this.position, "utf8");
  }

  /** A string of the decimal digits of a whole number, which is not negative. */
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

  /** Bytes or an encoded message, as they are; also empty ones. */
  bytes(field: number, bytes: Uint8Array): void {
    this.begin(field, bytes.length);
    this.append(bytes);
  }

  /** Fields that are encoded already. */
  append(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.position);
    this.position += bytes.length;
  }

  /** Tag and length of a field of so many bytes, which follow. */
  begin(field: number, byteLength: number): void {
    this.buffer[this.position++] = (field << 3) | 2;
    this.varint(byteLength);
  }

  /** Takes out what was written, in bytes of its own; the writer begins again. */
  take(): Buffer {
    const { buffer, position } = this;
    const written = Buffer.allocUnsafe(position);
    buffer.copy(written, 0, 0, position);
    this.clear();
    return written;
  }

  /** Drops what was written. */
  clear(): void {
    this.position = 0;
    if (this.buffer.length > MAX_KEPT_BYTES) this.buffer = NO_BUFFER;
  }

  /** Hands out the buffer, for another writer; this one has none then. */
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
    while (rest >= WIDE) {
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
