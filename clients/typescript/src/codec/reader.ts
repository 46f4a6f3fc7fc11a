/**
 * Walks a message field by field and checks what a peer may get wrong: the wire type of every value, and that no value
 * reaches beyond the message around it. The server reads with it; a client believes its server, and reads with the cursor
 * alone, which costs a fifth less.
 */
import { WireCursor, WireError } from "./cursor.js";

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
/** Every double tells apart numbers of this many decimal digits. */
const MAX_DIGITS = 15;
/** ASCII of the digit 0. */
const DIGIT_ZERO = 48;
/** The tag of the largest field number, 2^29 - 1, with the largest wire type. */
const MAX_TAG = 2 ** 32 - 1;

/** Reads one message, field after field. Throws {@link WireError} if the message is malformed. */
export class WireReader extends WireCursor {
  /** The tag at hand; set by {@link next}. */
  private tag = 0;

  /** Where the message at hand ends. */
  private end: number;

  /** @param bytes - the message. */
  constructor(bytes: Uint8Array) {
    super(bytes);
    this.end = bytes.length;
  }

  /** Number of the field at hand. */
  get field(): number {
    return this.tag >>> 3;
  }

  /** Goes to the next field, whose value must then be read or skipped. @returns whether there is one. */
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

  /** A number of at most 53 bits; larger ones lose precision, negative ones come out huge. */
  number(): number {
    const short = this.oneByte();
    return short >= 0 ? short : Number(this.longer(super.uint64()));
  }

  /** A boolean. */
  bool(): boolean {
    return this.number() !== 0;
  }

  /** An enum or int32; negative ones come out negative, and the lower 32 bits of longer ones count. */
  int32(): number {
    return this.uint32() | 0;
  }

  override uint32(): number {
    const short = this.oneByte();
    return short >= 0 ? short : this.longer(super.uint32());
  }

  override uint64(): number | bigint {
    const short = this.oneByte();
    return short >= 0 ? short : this.longer(super.uint64());
  }

  /** A string whose bytes become one character each: the text that was meant, if that is ASCII. */
  ascii(): string {
    const begin = this.pass();
    return this.buffer.toString("latin1", begin, this.at);
  }

  /**
   * A whole number above 0 in a string of at most 15 decimal digits, the first of them not 0, as the server writes
   * assignment ids. Makes no string.
   *
   * @returns 0 if the string at hand is anything else; it is then still to be read.
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

  /** Bytes or an embedded message, as a Buffer over the received bytes. */
  bufferView(): Buffer {
    const begin = this.pass();
    return this.since(begin);
  }

  /** The bytes since an earlier place, as a Buffer over the received bytes. */
  since(begin: number): Buffer {
    return this.buffer.subarray(begin, this.at);
  }

  /**
   * Goes into an embedded message, whose fields come next; once they are read, {@link leave} goes on behind it. Costs
   * nothing, where a reader for each message would cost an object.
   *
   * @returns the argument of `leave`.
   */
  enter(): number {
    const outer = this.end;
    this.end = this.stop();
    return outer;
  }

  /** Goes on behind the embedded message at hand. @param outer - what {@link enter} returned. */
  leave(outer: number): void {
    this.at = this.end;
    this.end = outer;
  }

  /** Passes over the value at hand. Refuses groups, which protobuf no longer has. */
  skip(): void {
    switch (this.tag & 7) {
      case VARINT:
        this.uint64();
        return;
      case FIXED64:
        this.advance(8);
        return;
      case LENGTH_DELIMITED:
        this.pass();
        return;
      case FIXED32:
        this.advance(4);
        return;
      default:
        throw new WireError(`field ${this.field} has wire type ${this.tag & 7}, which is not in use`);
    }
  }

  protected override advance(byteLength: number): void {
    this.at += byteLength;
    this.within(undefined);
  }

  override stop(): number {
    const { at } = this;
    const length = this.bytes[at] as number;
    const stop = at + 1 + length;
    // Most lengths are one byte. Behind the last byte there is no length, and `stop` is no number.
    if (length < 0x80 && stop <= this.end && (this.tag & 7) === LENGTH_DELIMITED) {
      this.at = at + 1;
      return stop;
    }
    return this.longStop();
  }

  /** A number of one byte, as most are; -1, and nothing is read, for a longer one. */
  private oneByte(): number {
    const { at } = this;
    const first = this.bytes[at] as number;
    if (first > 0x7f || at >= this.end || (this.tag & 7) !== VARINT) return -1;
    this.at = at + 1;
    return first;
  }

  /** Checks a number that was read. */
  private longer<T>(value: T): T {
    this.expect(VARINT);
    return this.within(value);
  }

  private longStop(): number {
    this.expect(LENGTH_DELIMITED);
    const length = Number(super.uint64());
    if (length > this.end - this.at) throw new WireError(`field ${this.field} is cut off`);
    return this.at + length;
  }

  private longTag(): number {
    const tag = this.within(Number(super.uint64()));
    // Receivers refuse a whole message for such a field, so it must not get through to them.
    if (tag < 8 || tag > MAX_TAG) throw new WireError(`a field has number ${Math.floor(tag / 8)}`);
    return tag;
  }

  private expect(wireType: number): void {
    if ((this.tag & 7) === wireType) return;
    throw new WireError(`field ${this.field} has wire type ${this.tag & 7} instead of ${wireType}`);
  }

  /** Passes a value on if all of it was within the message at hand. */
  private within<T>(value: T): T {
    if (this.at > this.end) throw new WireError(`field ${this.field} is cut off`);
    return value;
  }
}
