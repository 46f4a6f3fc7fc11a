/**
 * Payloads that are a `google.protobuf.Value` with a struct, such as a service would return: two numbers, and readings up
 * to the wanted length.
 */
import { Value } from "ate-dispatcher-client/internal";
import type { Payloads } from "./payload.js";

/** Placeholders for the two numbers that vary; a double always takes eight bytes on the wire. */
const SEQUENCE = 0.123_456_789;
const PRODUCER = 0.987_654_321;
const DOUBLE_BYTES = 8;
/** Bytes by which the length prefixes may grow when the text grows. */
const MAX_LENGTH_BYTES = 16;

/** Payloads of one struct. */
export class StructPayloads implements Payloads {
  readonly field = "value";
  readonly #template: Buffer;
  readonly #sequenceAt: number;
  readonly #producerAt: number;

  /** @param byteLength - length of the encoded value; at least a few hundred bytes. */
  constructor(readonly byteLength: number) {
    this.#template = padded(byteLength);
    this.#sequenceAt = this.#template.indexOf(double(SEQUENCE));
    this.#producerAt = this.#template.indexOf(double(PRODUCER));
  }

  write(target: Buffer, offset: number, sequence: number, producer: number): void {
    target.set(this.#template, offset);
    target.writeDoubleLE(sequence, offset + this.#sequenceAt);
    target.writeDoubleLE(producer, offset + this.#producerAt);
  }

  sequenceOf(bytes: Uint8Array, start: number): number {
    return Buffer.from(bytes.buffer, bytes.byteOffset).readDoubleLE(start + this.#sequenceAt);
  }

  verify(bytes: Uint8Array, start: number, end: number): number {
    const body = Buffer.from(bytes.subarray(start, end));
    const producer = body.readDoubleLE(this.#producerAt);
    body.writeDoubleLE(SEQUENCE, this.#sequenceAt);
    body.writeDoubleLE(PRODUCER, this.#producerAt);
    if (!body.equals(this.#template)) throw new Error("a delivered payload was altered");
    return producer;
  }
}

/** Adds as many readings as fit and fills the rest with text. */
function padded(byteLength: number): Buffer {
  const encode = (count: number, textLength: number) => {
    const readings = Array.from({ length: count }, (_, index) => ({
      name: `sensor ${index}`,
      value: 293.15,
      ok: true,
    }));
    const text = "x".repeat(textLength);
    return Buffer.from(
      Value.encode(Value.wrap({ sequence: SEQUENCE, producer: PRODUCER, readings, text })).finish(),
    );
  };
  let count = 0;
  while (encode(count + 1, 0).length <= byteLength) count++;
  // A total that is skipped because a length prefix grows by a byte is reached with fewer readings and more text.
  for (; count > 0; count--) {
    const room = byteLength - encode(count, 0).length;
    for (let textLength = Math.max(0, room - MAX_LENGTH_BYTES); textLength <= room; textLength++) {
      const bytes = encode(count, textLength);
      if (bytes.length === byteLength) return bytes;
    }
  }
  throw new Error(`no struct takes ${byteLength} bytes`);
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(DOUBLE_BYTES);
  bytes.writeDoubleLE(value);
  return bytes;
}
