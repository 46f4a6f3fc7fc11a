/** The framing of gRPC messages: a flag, the length, and the message, which may be compressed. */
import { gzipSync } from "node:zlib";

const PREFIX_BYTES = 5;

/** A message behind its prefix. */
export function framed(message: Uint8Array): Buffer {
  return withPrefix(0, message);
}

/** A message compressed with gzip, behind its prefix. The call needs the header `grpc-encoding: gzip`. */
export function gzipped(message: Uint8Array): Buffer {
  return withPrefix(1, gzipSync(message, { level: 9 }));
}

/** A compressed message of parts, which are compressed already; gzip allows to concatenate them. */
export function gzippedParts(parts: readonly Uint8Array[]): Buffer {
  return withPrefix(1, Buffer.concat(parts));
}

/** The beginning of a message that never ends. @param length - which the prefix promises. */
export function beginning(length: number, sent: Uint8Array): Buffer {
  const frame = withPrefix(0, sent);
  frame.writeUInt32BE(length, 1);
  return frame;
}

function withPrefix(flag: number, message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.byteLength);
  frame[0] = flag;
  frame.writeUInt32BE(message.byteLength, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** Splits received bytes into messages. */
export class Unframer {
  #parts: Buffer[] = [];
  #byteLength = 0;

  constructor(private readonly take: (message: Buffer) => void) {}

  /** Takes the messages that are complete with these bytes. */
  receive(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#byteLength += bytes.byteLength;
    if (this.#byteLength < PREFIX_BYTES) return;
    const prefix = this.#parts[0] as Buffer;
    if (prefix.byteLength >= PREFIX_BYTES && this.#byteLength < PREFIX_BYTES + prefix.readUInt32BE(1)) return;
    let rest = this.#parts.length === 1 ? prefix : Buffer.concat(this.#parts);
    while (rest.byteLength >= PREFIX_BYTES) {
      const end = PREFIX_BYTES + rest.readUInt32BE(1);
      if (rest.byteLength < end) break;
      this.take(rest.subarray(PREFIX_BYTES, end));
      rest = rest.subarray(end);
    }
    this.#parts = rest.byteLength === 0 ? [] : [rest];
    this.#byteLength = rest.byteLength;
  }
}
