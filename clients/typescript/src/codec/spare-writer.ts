import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** Size of a message, in bytes, up to which its writer is kept: large ones are rare, and their buffers stay large. */
const MAX_KEPT_BYTES = 64 * 1024;

/** Encodes messages with a writer that is kept from the last one: in a small message, growing its buffer costs most. */
export class SpareWriter {
  #spare: BinaryWriter | undefined;

  /** @param write - writes the message; may throw, or encode something else inside: the writer is not used again then. */
  encode(write: (writer: BinaryWriter) => void): Uint8Array {
    const writer = this.#spare ?? new BinaryWriter();
    this.#spare = undefined;
    write(writer);
    const bytes = writer.finish();
    if (bytes.byteLength <= MAX_KEPT_BYTES) this.#spare = writer;
    return bytes;
  }
}
