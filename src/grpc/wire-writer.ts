/**
 * Protobuf's wire format, written by hand for the few messages that are sent hundreds of thousands of times a second.
 * Payloads are copied as they are. Everything else goes through the generated code.
 */

/** Strings up to this length are cheaper to write character by character than by a call into the runtime. */
const SHORT = 24;

/** Size of a number as a varint, in bytes. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** A growing buffer with protobuf's primitives. Field numbers up to 15 only: their tags are one byte. */
export class WireWriter {
  private buffer: Buffer;
  private position = 0;

  /** @param capacity - bytes to begin with. */
  constructor(capacity: number) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
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
    for (let i = 0; i < length; i++) this.buffer[this.position++] = text.charCodeAt(i);
  }

  /** Bytes or an encoded message, as they are; also empty ones. */
  bytes(field: number, bytes: Uint8Array): void {
    this.begin(field, bytes.byteLength);
    this.buffer.set(bytes, this.position);
    this.position += bytes.byteLength;
  }

  /** Fields that are encoded already. */
  encoded(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.position);
    this.position += bytes.byteLength;
  }

  /** Tag and length of a field of so many bytes, which follow. */
  begin(field: number, byteLength: number): void {
    this.buffer[this.position++] = (field << 3) | 2;
    this.varint(byteLength);
  }

  /** What was written. Nothing may be written afterwards. */
  finish(): Uint8Array {
    return this.buffer.subarray(0, this.position);
  }

  private varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.position++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.position++] = rest;
  }
}
