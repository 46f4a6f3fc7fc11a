/**
 * Results that are a `google.protobuf.Value` with a struct in it, such as a service would answer with: two numbers,
 * and readings up to the wanted length.
 */
import { Value } from "./generated.js";
import type { Payloads } from "./payload.js";

/** Numbers that stand for the two that differ; a double of the wire format is eight bytes, whatever its value. */
const SEQUENCE = 0.123_456_789;
const PRODUCER = 0.987_654_321;
const DOUBLE_BYTES = 8;
/** How much the lengths of the text and of all around it may grow with it. */
const MOST_LENGTH_BYTES = 16;

/** Results of one struct. */
export class StructPayloads implements Payloads {
  readonly field = "value";
  readonly #template: Buffer;
  readonly #sequenceAt: number;
  readonly #producerAt: number;

  /** @param byteLength - what the encoded value takes; at least a few hundred bytes. */
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

/** Takes as many readings as fit, and fills what remains with text. */
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
  // Where a length takes one byte more, one total is skipped: then it takes fewer readings and more text.
  for (; count > 0; count--) {
    const room = byteLength - encode(count, 0).length;
    for (let textLength = Math.max(0, room - MOST_LENGTH_BYTES); textLength <= room; textLength++) {
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
