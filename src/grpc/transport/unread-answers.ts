/**
 * Bounds the answers of unary calls that a peer does not read. Every answer waits in memory until the peer gives its stream
 * a window; without a bound, each of a thousand streams of a connection could hold an answer for ever.
 */
import { constants, type ServerHttp2Stream } from "node:http2";
import { type Refusal, refusal } from "../../core/vocabulary/reason.js";
import type { Watchdog } from "../../ports/watchdog.js";
import { onceClosed } from "./http2-events.js";
import type { PeerConnection } from "./peer-connection.js";

/** Bytes of unread answers of a connection beyond which its further calls are refused. Eight full answers of a list fit. */
const MAX_UNREAD_BYTES = 8 * 1_024 * 1_024;
/** Cost of an answer beside its bytes, roughly: its buffers and its place in queues. */
const ANSWER_BYTES = 256;

/** Why no answer may be computed for a connection; undefined if one may. */
export function unreadRefusal({ unreadBytes }: PeerConnection): Refusal | undefined {
  if (unreadBytes <= MAX_UNREAD_BYTES) return undefined;
  const limit = String(MAX_UNREAD_BYTES);
  const message = `answers of ${unreadBytes} bytes are unread on this connection, beyond ${limit}; read them first`;
  return refusal("UNREAD_LIMIT", message, { limit }, 1_000);
}

/**
 * Charges an answer to its connection until its stream closes, which it does when the answer and its status are sent. If
 * the peer does not read, the stream is reset.
 *
 * @param closing - how long the peer may read nothing.
 */
export function chargeAnswer(
  stream: ServerHttp2Stream,
  connection: PeerConnection,
  answer: unknown,
  closing: Watchdog,
): void {
  const bytes = ANSWER_BYTES + (answer instanceof Uint8Array ? answer.byteLength : 0);
  connection.unreadBytes += bytes;
  const stop = closing.watch(() => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM));
  onceClosed(stream, () => {
    stop();
    connection.unreadBytes -= bytes;
  });
}
