/**
 * Protobuf's wire format, written by hand for the few messages that are sent hundreds of thousands of times a second.
 * Payloads are copied as they are. Everything else goes through the generated code.
 */

/** Strings up to this length, an id's included, are cheaper to write character by character than by a call into Node. */
const SHORT = 64;
/** Buffers that are kept for the next writer, and the largest one of them. */
const MOST_SPARE = 64;
const LARGEST_SPARE = 128 * 1024;

/**
 * Buffers that were written into and copied from. Growing a new one for each batch cost more than any other function of
 * the server; and what waits in queues is as large as what is in it.
 */
const spare: Buffer[] = [];
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

/** How many decimal digits a whole number has, which is not negative. */
export function digitCount(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) count++;
  return count;
}

/** A growing buffer with protobuf's primitives. Field numbers up to 15 only: their tags are one byte. */
export class WireWriter {
  private buffer: Buffer;
  private position = 0;

  /** @param capacity - bytes to begin with, at least. */
  constructor(capacity: number) {
    const kept = spare.pop();
    this.buffer = kept && kept.length >= capacity ? kept : Buffer.allocUnsafeSlow(capacity);
  }

  /** Bytes written. */
  get byteLength(): number {
    return this.position;
  }

  /** Makes room for so many bytes, which the calls that follow write without looking. */
  reserve(bytes: number): void {
    const needed = this.position + bytes;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.position);
    this.buffer = grown;
  }

  /** A field of numbers; 0 is protobuf's default and is left out. */
  number(field: number, value: number): void {
    if (value === 0) return;
    this.buffer[this.position++] = field << 3;
    this.varint(value);
  }

  /** A string known to be ASCII, as ids and topics are; the empty one is protobuf's default and is left out. */
  ascii(field: number, text: string): void {
    const { length } = text;
    if (length === 0) return;
    this.begin(field, length);
    if (length > SHORT) {
      this.position += this.buffer.write(text, this.position, "latin1");
      return;
    }
    const { buffer, position } = this;
    for (let i = 0; i < length; i++) buffer[position + i] = text.charCodeAt(i);
    this.position = position + length;
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
    this.buffer.set(bytes, this.position);
    this.position += bytes.length;
  }

  /** Fields that are encoded already. */
  encoded(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.position);
    this.position += bytes.length;
  }

  /** Tag and length of a field of so many bytes, which follow. */
  begin(field: number, byteLength: number): void {
    this.buffer[this.position++] = (field << 3) | 2;
    this.varint(byteLength);
  }

  /** What was written, in bytes of its own. Nothing may be written afterwards. */
  finish(): Uint8Array {
    const { buffer, position } = this;
    const written = Buffer.allocUnsafe(position);
    buffer.copy(written, 0, 0, position);
    if (buffer.length <= LARGEST_SPARE && spare.length < MOST_SPARE) spare.push(buffer);
    this.buffer = NO_BUFFER;
    return written;
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
