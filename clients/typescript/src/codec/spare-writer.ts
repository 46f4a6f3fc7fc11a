import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** The largest message whose writer is reused, in bytes. Larger messages are rare, and their buffers never shrink. */
const MAX_KEPT_BYTES = 64 * 1024;

/** Encodes messages with a reused writer. For a small message, growing a new buffer would be most of the cost. */
export class SpareWriter {
  #spare: BinaryWriter | undefined;

  /** @param write - writes the message. It may throw or call `encode` itself; the writer is then not reused. */
  encode(write: (writer: BinaryWriter) => void): Uint8Array {
    const writer = this.#spare ?? new BinaryWriter();
    this.#spare = undefined;
    write(writer);
    const bytes = writer.finish();
    if (bytes.byteLength <= MAX_KEPT_BYTES) this.#spare = writer;
    return bytes;
  }
}
