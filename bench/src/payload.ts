/**
 * Payloads that the receiver can check. A request carries only its sequence number; a result carries that number, the
 * producer's index and a fixed pattern.
 */

/** The payloads of one sample's results: written by producers, checked by listeners. */
export interface Payloads {
  /** The field of `ate.dispatcher.v1.Result` that holds them. */
  readonly field: "value" | "data";
  /** The length of each payload. */
  readonly byteLength: number;
  /** Writes a payload into `target`, which has {@link byteLength} bytes of room from `offset`. */
  write(target: Buffer, offset: number, sequence: number, producer: number): void;
  /** Reads the sequence number of the answered request. */
  sequenceOf(bytes: Uint8Array, start: number): number;
  /** Reads the index of the producer. Throws if any other byte was altered. */
  verify(bytes: Uint8Array, start: number, end: number): number;
}

const SEQUENCE_BYTES = 4;
const HEAD_BYTES = SEQUENCE_BYTES + 2;

/** The payload of a request: its sequence number, 32 bits, little-endian. */
export function requestPayload(sequence: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(SEQUENCE_BYTES);
  bytes.writeUInt32LE(sequence);
  return bytes;
}

/** Reads the sequence number at the head of a request's or a result's payload. */
export function readSequence(bytes: Uint8Array, start: number): number {
  const low = (bytes[start] as number) | ((bytes[start + 1] as number) << 8);
  const high = (bytes[start + 2] as number) | ((bytes[start + 3] as number) << 8);
  return (low | (high << 16)) >>> 0;
}

/** Payloads of bytes. */
export class ResultPayloads implements Payloads {
  readonly field = "data";
  readonly #template: Buffer;

  /** @param byteLength - at least the head's 6 bytes. */
  constructor(readonly byteLength: number) {
    if (byteLength < HEAD_BYTES) throw new Error(`a payload has at least ${HEAD_BYTES} bytes`);
    this.#template = Buffer.from(Array.from({ length: byteLength }, (_, index) => (index * 31) & 0xff));
  }

  write(target: Buffer, offset: number, sequence: number, producer: number): void {
    target.set(this.#template, offset);
    target.writeUInt32LE(sequence, offset);
    target.writeUInt16LE(producer, offset + SEQUENCE_BYTES);
  }

  sequenceOf(bytes: Uint8Array, start: number): number {
    return readSequence(bytes, start);
  }

  verify(bytes: Uint8Array, start: number, end: number): number {
    const body = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    if (this.#template.compare(body, HEAD_BYTES, body.length, HEAD_BYTES) !== 0) {
      throw new Error("a delivered payload was altered");
    }
    return body.readUInt16LE(SEQUENCE_BYTES);
  }
}

/** Creates a payload in its own memory, as a real producer does. */
export function createPayload(payloads: Payloads, sequence: number, producer: number): Buffer {
  const bytes = Buffer.allocUnsafe(payloads.byteLength);
  payloads.write(bytes, 0, sequence, producer);
  return bytes;
}
