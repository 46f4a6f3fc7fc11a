// Protobuf's wire format for the messages that are sent hundreds of thousands of times a second; all others go through
// the generated codecs. Their sizes are computed first, so that nothing is moved to make room for a length: moving, and
// a buffer for each item, were more than a quarter of what an assignment cost its producer.

/** Buffers up to this many bytes are kept for what comes next: large ones are rare, and would stay large. */
const MAX_KEPT_BYTES = 64 * 1024;

/** Bytes to begin with. */
const FIRST_BYTES = 2 * 1024;

const NO_BYTES = Buffer.alloc(0);

/** Size of a whole number below 2^32 as a varint, in bytes. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
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

/** A growing buffer to write to. Field numbers up to 15 only: their tags are one byte. */
export class WireBuffer {
  #bytes: Buffer = NO_BYTES;
  #length = 0;

  /** Bytes written. */
  get byteLength(): number {
    return this.#length;
  }

  /** Makes room for so many bytes, which the calls that follow write without looking. */
  reserve(byteLength: number): void {
    const needed = this.#length + byteLength;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2, FIRST_BYTES));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  /** A flag that is set. */
  flag(field: number): void {
    this.#bytes[this.#length++] = field << 3;
    this.#bytes[this.#length++] = 1;
  }

  /** A whole number below 2^32. */
  number(field: number, value: number): void {
    this.#bytes[this.#length++] = field << 3;
    this.#varint(value);
  }

  /** A text of `byteLength` bytes in UTF-8, as {@link textSize} says. */
  text(field: number, text: string, byteLength: number): void {
    this.begin(field, byteLength);
    if (byteLength === text.length && byteLength <= 64) {
      const [bytes, at] = [this.#bytes, this.#length];
      for (let i = 0; i < byteLength; i++) bytes[at + i] = text.charCodeAt(i);
    } else {
      this.#bytes.write(text, this.#length, "utf8");
    }
    this.#length += byteLength;
  }

  /** Bytes, or a message that is encoded already. */
  bytes(field: number, bytes: Uint8Array): void {
    this.begin(field, bytes.byteLength);
    this.append(bytes);
  }

  /** Fields that are encoded already. */
  append(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.byteLength;
  }

  /** Tag and length of a field of so many bytes, which follow. */
  begin(field: number, byteLength: number): void {
    this.#bytes[this.#length++] = (field << 3) | 2;
    this.#varint(byteLength);
  }

  /** Takes out what was written, in bytes of its own. */
  take(): Buffer {
    const taken = Buffer.allocUnsafe(this.#length);
    this.#bytes.copy(taken, 0, 0, this.#length);
    this.clear();
    return taken;
  }

  /** Drops what was written. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = NO_BYTES;
  }

  #varint(value: number): void {
    const bytes = this.#bytes;
    let rest = value;
    while (rest >= 0x80) {
      bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[this.#length++] = rest;
  }
}
