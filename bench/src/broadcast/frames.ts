/** gRPC's framing over plain HTTP/2: one byte of flags, four bytes of length, the message. */

const HEAD_BYTES = 5;

/** Frames messages into one buffer. */
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

/** The frame head of a message that is written separately. */
export function writeHead(length: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(length, 1);
  return head;
}

/** Receives a message as `bytes[start, end)`; the bytes must not be retained. */
export type TakeMessage = (bytes: Buffer, start: number, end: number) => void;

/** Splits a byte stream into messages, wherever the chunks are cut. */
export class FrameReader {
  /** Chunks of the next, incomplete message; joined when it is complete. */
  #chunks: Buffer[] = [];
  #length = 0;
  #needed = HEAD_BYTES;

  /** Adds a chunk and passes every complete message to `take`. */
  read(chunk: Buffer, take: TakeMessage): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#length);
    let at = 0;
    this.#needed = HEAD_BYTES;
    while (at + HEAD_BYTES <= bytes.length) {
      const end = at + HEAD_BYTES + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) {
        this.#needed = end - at;
        break;
      }
      take(bytes, at + HEAD_BYTES, end);
      at = end;
    }
    this.#length = bytes.length - at;
    this.#chunks = this.#length === 0 ? [] : [bytes.subarray(at)];
  }
}
