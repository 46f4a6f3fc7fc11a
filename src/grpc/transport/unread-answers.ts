/**
 * Bounds the answers of unary calls that a peer does not read. Every answer waits in memory until the peer gives its stream
 * a window; without a bound, each of a thousand streams of a connection could hold an answer for ever.
 */
import { constants, type ServerHttp2Stream } from "node:http2";
import type { Pressure } from "../../core/vocabulary/held-bytes.js";
import { type Refusal, refusal } from "../../core/vocabulary/reason.js";
import type { Watchdog } from "../../ports/watchdog.js";
import { onceClosed } from "./http2-events.js";
import type { PeerConnection } from "./peer-connection.js";

/** Bytes of unread answers of a connection beyond which its further calls are refused. Some thirty pages of a list fit. */
const MAX_UNREAD_BYTES = 8 * 1_024 * 1_024;
/** The same for a peer that holds more than it may. */
const MAX_BYTES: Readonly<Record<Pressure, number>> = {
  NONE: MAX_UNREAD_BYTES,
  HIGH: 64 * 1_024,
  EXTREME: 0,
};
/** Cost of an answer beside its bytes, roughly: its buffers and its place in queues. */
const ANSWER_BYTES = 256;

/** Bytes of an answer of reflection: at most all files of the contract, which have less. */
const STREAM_ANSWER_BYTES = 32 * 1_024;

/** Why no answer may be computed for a connection; undefined if one may. */
export function unreadRefusal({ unreadBytes, pressure }: PeerConnection): Refusal | undefined {
  const maxBytes = MAX_BYTES[pressure];
  if (unreadBytes <= maxBytes) return undefined;
  const limit = String(maxBytes);
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
  connection.chargeAnswer(bytes);
  const stop = closing.watch(() => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM));
  onceClosed(stream, () => {
    stop();
    connection.chargeAnswer(-bytes);
  });
}

/**
 * The answers on a stream of a library that answers every message and does not wait until the answers are read. The library
 * begins an answer when the one before it has left, so all but the latest are charged, by the size of the largest.
 */
export class StreamAnswers {
  readonly #connection: PeerConnection;
  /** Messages whose answers have not begun. */
  #waiting = 0;

  constructor(connection: PeerConnection) {
    this.#connection = connection;
  }

  /** A message has arrived. @returns why the stream must end; undefined if it goes on. */
  asked(): Refusal | undefined {
    this.#waiting++;
    this.#connection.chargeAnswer(STREAM_ANSWER_BYTES);
    return unreadRefusal(this.#connection);
  }

  /** An answer begins. */
  answering(): void {
    if (this.#waiting === 0) return;
    this.#waiting--;
    this.#connection.chargeAnswer(-STREAM_ANSWER_BYTES);
  }

  /** The stream has closed. */
  close(): void {
    this.#connection.chargeAnswer(-this.#waiting * STREAM_ANSWER_BYTES);
    this.#waiting = 0;
  }
}
