/**
 * Reads a message field by field and validates it: every value has the expected wire type, and no value extends beyond
 * the enclosing message. The server uses it for messages of its peers. A client trusts its server and uses the cursor
 * alone, which costs a fifth less.
 */
import { isUtf8 } from "node:buffer";
import { WireCursor, WireError } from "./cursor.js";

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
/** The last character of ASCII. */
const MAX_ASCII = 0x7f;
/** A double represents every whole number of up to this many decimal digits exactly. */
const MAX_DIGITS = 15;
/** ASCII of the digit 0. */
const DIGIT_ZERO = 48;
/** The tag of the largest field number, 2^29 - 1, with the largest wire type. */
const MAX_TAG = 2 ** 32 - 1;
/** Maximum size of a tag or length, in bytes. Longer encodings are legal, but the C++ parser rejects them. */
const MAX_TAG_BYTES = 5;
/** Strings up to this many bytes are checked byte by byte, which is cheaper than a call into Node. */
const MAX_LOOP_BYTES = 48;

/** Reads one message, field after field. Throws {@link WireError} if the message is malformed. */
export class WireReader extends WireCursor {
  /** The current tag; set by {@link next}. */
  private tag = 0;

  /** The position where the current message ends. */
  private end: number;

  /** @param bytes - the message. */
  constructor(bytes: Uint8Array) {
    super(bytes);
    this.end = bytes.length;
  }

  /** The tag of the current field: its number and wire type. A known field with another wire type is unknown. */
  get currentTag(): number {
    return this.tag;
  }

  /** The number of the current field. */
  get field(): number {
    return this.tag >>> 3;
  }

  /** Moves to the next field. Its value must then be read or skipped. @returns false at the end of the message. */
  next(): boolean {
    const { at } = this;
    if (at >= this.end) return false;
    const first = this.bytes[at] as number;
    // Field numbers up to 15 have a tag of one byte; below 8, the field number is 0.
    if (first < 0x80 && first > 7) {
      this.tag = first;
      this.at = at + 1;
    } else {
      this.tag = this.longTag();
    }
    return true;
  }

  /** Reads a whole number of at most 53 bits. Larger ones lose precision, and negative ones become huge. */
  number(): number {
    const short = this.oneByte();
    return short >= 0 ? short : Number(this.validated(super.uint64()));
  }

  /** Reads a boolean. */
  bool(): boolean {
    return this.number() !== 0;
  }

  /** Reads an enum or int32. Of a longer number, it keeps the lower 32 bits. */
  int32(): number {
    return this.uint32() | 0;
  }

  override uint32(): number {
    const short = this.oneByte();
    return short >= 0 ? short : this.validated(super.uint32());
  }

  override uint64(): number | bigint {
    const short = this.oneByte();
    return short >= 0 ? short : this.validated(super.uint64());
  }

  /** Reads a string that is ASCII unless the message is wrong; this is faster than {@link text} for ASCII. */
  ascii(): string {
    const begin = this.skipBytes();
    for (let at = begin; at < this.at; at++) {
      if ((this.bytes[at] ?? 0) > MAX_ASCII) return this.buffer.toString("utf8", begin, this.at);
    }
    return this.buffer.toString("latin1", begin, this.at);
  }

  /**
   * Reads a string that holds a whole number above 0, in the form in which the server writes assignment ids: at most 15
   * decimal digits without a leading 0. Creates no string.
   *
   * @returns 0 if the string is anything else. The string is then still unread.
   */
  digits(): number {
    const begin = this.at;
    const stop = this.stop();
    const start = this.at;
    let value = 0;
    let at = stop - start <= MAX_DIGITS && this.bytes[start] !== DIGIT_ZERO ? start : stop;
    for (; at < stop; at++) {
      const digit = (this.bytes[at] ?? 0) - DIGIT_ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at < stop || value === 0) {
      this.at = begin;
      return 0;
    }
    this.at = stop;
    return value;
  }

  /** Reads a string. @throws {WireError} if it is not valid UTF-8. */
  utf8(): string {
    const begin = this.at;
    this.skipUtf8();
    const end = this.at;
    this.at = begin;
    const text = this.text();
    this.at = end;
    return text;
  }

  /** Skips a string. @throws {WireError} if it is not valid UTF-8. */
  skipUtf8(): void {
    const begin = this.skipBytes();
    const { bytes, at } = this;
    let i = begin;
    if (at - begin <= MAX_LOOP_BYTES) {
      while (i < at && (bytes[i] as number) < 0x80) i++;
      if (i === at) return;
    }
    if (!isUtf8(this.viewOf(i, at)))
      throw new WireError(`field ${this.field} is not valid UTF-8, at byte ${begin} of the message`);
  }

  /** Reads bytes or an embedded message, as a Buffer over the received bytes. */
  bufferView(): Buffer {
    const begin = this.skipBytes();
    return this.since(begin);
  }

  /** Returns the bytes from an earlier position up to here, as a Buffer over the received bytes. */
  since(begin: number): Buffer {
    return this.buffer.subarray(begin, this.at);
  }

  /**
   * Enters an embedded message: the next fields are its fields. After them, {@link leave} returns to the enclosing
   * message. A reader for each embedded message would cost an object; this costs none.
   *
   * @returns the argument for `leave`.
   */
  enter(): number {
    const outer = this.end;
    this.end = this.stop();
    return outer;
  }

  /** The position where the current message ends. */
  get limit(): number {
    return this.end;
  }

  /**
   * Continues behind an embedded message within which reading failed.
   *
   * @param limit - the {@link limit} of the embedded message.
   * @param outer - the return value of {@link enter} for it.
   */
  abandon(limit: number, outer: number): void {
    this.at = limit;
    this.end = outer;
  }

  /** Continues behind the current embedded message. @param outer - the return value of {@link enter}. */
  leave(outer: number): void {
    this.at = this.end;
    this.end = outer;
  }

  /** Skips the current value. Rejects groups, because proto3 has none. */
  skip(): void {
    switch (this.tag & 7) {
      case VARINT:
        this.uint64();
        return;
      case FIXED64:
        this.advance(8);
        return;
      case LENGTH_DELIMITED:
        this.skipBytes();
        return;
      case FIXED32:
        this.advance(4);
        return;
      default:
        throw new WireError(`field ${this.field} has wire type ${this.tag & 7}, which is not valid`);
    }
  }

  /**
   * Skips an unknown field.
   *
   * @param members - the largest field number of the message.
   * @throws {WireError} for a known field, because its wire type is wrong: most parsers skip it, but protobuf.js reads on
   * at the wrong place.
   */
  skipUnknown(members: number): void {
    if (this.field <= members)
      throw new WireError(`field ${this.field} has the wrong wire type ${this.tag & 7}`);
    this.skip();
  }

  protected override advance(byteLength: number): void {
    this.at += byteLength;
    this.within(undefined);
  }

  override stop(): number {
    const { at } = this;
    const length = this.bytes[at] as number;
    const stop = at + 1 + length;
    // Most lengths are one byte. Behind the last byte, `length` is undefined, `stop` is NaN, and the comparison fails.
    if (length < 0x80 && stop <= this.end && (this.tag & 7) === LENGTH_DELIMITED) {
      this.at = at + 1;
      return stop;
    }
    return this.longStop();
  }

  /** Reads a number of one byte, as most are. Returns -1 and reads nothing if the number is longer. */
  private oneByte(): number {
    const { at } = this;
    const first = this.bytes[at] as number;
    if (first > 0x7f || at >= this.end || (this.tag & 7) !== VARINT) return -1;
    this.at = at + 1;
    return first;
  }

  /** Validates a number that was just read. */
  private validated<T>(value: T): T {
    this.expect(VARINT);
    return this.within(value);
  }

  private longStop(): number {
    this.expect(LENGTH_DELIMITED);
    const begin = this.at;
    const length = Number(super.uint64());
    if (length > this.end - this.at) throw new WireError(`field ${this.field} is truncated`);
    if (this.at - begin > MAX_TAG_BYTES)
      throw new WireError(`field ${this.field} has a length of over 5 bytes`);
    return this.at + length;
  }

  private longTag(): number {
    const begin = this.at;
    const tag = this.within(Number(super.uint64()));
    // Receivers reject a whole message for such fields, so the server must not forward them.
    if (tag < 8 || tag > MAX_TAG) throw new WireError(`a field has number ${Math.floor(tag / 8)}`);
    if (this.at - begin > MAX_TAG_BYTES) throw new WireError("a field has a tag of over 5 bytes");
    return tag;
  }

  private expect(wireType: number): void {
    if ((this.tag & 7) === wireType) return;
    throw new WireError(`field ${this.field} has wire type ${this.tag & 7} instead of ${wireType}`);
  }

  /** Returns a value if all of it lies within the current message. */
  private within<T>(value: T): T {
    if (this.at > this.end) throw new WireError(`field ${this.field} is truncated`);
    return value;
  }
}
