/** gRPC's framing over plain HTTP/2: a byte of flags, four bytes of length, the message. */

const HEAD_BYTES = 5;

/** Frames messages, all in one buffer. */
export function writeFrames(messages: readonly Buffer[]): Buffer {
  const length = messages.reduce((sum, message) => sum + HEAD_BYTES + message.length, 0);
  const target = Buffer.allocUnsafe(length);
  let at = 0;
  for (const message of messages) {
    target.writeUInt8(0, at);
    target.writeUInt32BE(message.length, at + 1);
    target.set(message, at + HEAD_BYTES);
    at += HEAD_BYTES + message.length;
  }
  return target;
}

/** Takes a stream of bytes apart again, however it was cut. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Hands on every message that is complete, as a view that is not kept. */
  read(chunk: Buffer, take: (bytes: Buffer, start: number, end: number) => void): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + HEAD_BYTES <= bytes.length) {
      const end = at + HEAD_BYTES + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      take(bytes, at + HEAD_BYTES, end);
      at = end;
    }
    this.#rest = bytes.subarray(at);
  }
}
