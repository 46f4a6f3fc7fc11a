/**
 * Writes messages directly to the HTTP/2 stream below a call.
 *
 * The natural way is to write through grpc-js, which copies every message for each of its receivers. This writes the
 * shared bytes behind a prefix instead. Measured against grpc-js in interleaved pairs, a delivery costs the server 0.5 to
 * 0.8 times the CPU at 4x4 and 4 KiB, and 0.93 times at 128 bytes. This can go when grpc-js accepts a message that already
 * has its prefix.
 */
import type { ServerHttp2Stream } from "node:http2";

/** The prefix of a gRPC message: one byte for compression, four bytes for the length. */
const PREFIX_BYTES = 5;
/** Messages below this size are copied behind their prefix: two separate writes cost an eighth more at 1x1/128. */
const MIN_SEPARATE_BYTES = 8 * 1024;

/**
 * Writes one gRPC message behind the earlier ones. The headers must have been sent. If the stream has ended, the message
 * is dropped, because grpc-js may end a stream at any time.
 *
 * @param parts - the message is their concatenation. They must not change any more: other streams may write them, too.
 * @param written - called when the transport has accepted the whole message, or with the error that prevented it.
 */
export function writeMessage(
  stream: ServerHttp2Stream,
  parts: readonly Uint8Array[],
  written: (error?: Error | null) => void,
): void {
  if (stream.destroyed || stream.closed || stream.writableEnded) return;
  let byteLength = 0;
  for (const part of parts) byteLength += part.byteLength;
  const isShort = byteLength < MIN_SEPARATE_BYTES;
  const prefixed = Buffer.allocUnsafe(PREFIX_BYTES + (isShort ? byteLength : 0));
  prefixed[0] = 0;
  prefixed.writeUInt32BE(byteLength, 1);
  if (isShort) {
    let end = PREFIX_BYTES;
    for (const part of parts) {
      prefixed.set(part, end);
      end += part.byteLength;
    }
    stream.write(prefixed, written);
    return;
  }
  stream.cork();
  stream.write(prefixed);
  const last = parts.length - 1;
  for (const [i, part] of parts.entries()) stream.write(part, i === last ? written : undefined);
  stream.uncork();
}
