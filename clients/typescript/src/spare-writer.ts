import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** How large a message may be, in bytes, for its writer to be kept: large ones are rare, and their buffers stay large. */
const MAX_KEPT_BYTES = 64 * 1024;

let spare: BinaryWriter | undefined;

/**
 * Encodes a message with a writer that is kept from the last time, because
 * growing its buffer is what costs most in a small message.
 *
 * @param write - writes the message; may throw, or encode something else inside: the writer is not used again then.
 */
export function encodeWith(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = spare ?? new BinaryWriter();
  spare = undefined;
  write(writer);
  const bytes = writer.finish();
  if (bytes.byteLength <= MAX_KEPT_BYTES) spare = writer;
  return bytes;
}
