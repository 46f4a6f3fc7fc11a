/**
 * Closes connections with many streams in turns of the event loop, and many connections, too.
 *
 * Node destroys all streams of a connection together, when it breaks and when it is destroyed. That takes some 50 µs for
 * each, so a peer that opens thousands of streams and leaves would hold the event loop for as long. This closes the streams
 * first, a few in a turn, and then lets Node go on. The connection is not read meanwhile. It can go when Node destroys the
 * streams of a connection in turns itself.
 */
import { constants, type Http2Session, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";

/** Streams that are closed in one turn, of all connections: some 3 ms. */
const STREAMS_PER_TURN = 64;
/** Streams of one connection that are closed before others have their turn. */
const STREAMS_AT_ONCE = 8;
/** The end of a connection takes as long as that of so many streams. */
const STREAMS_OF_CONNECTION = 2;

/** Node would create an error for each message that waits in a stream, unless the stream is destroyed with one. */
const CONNECTION_CLOSED = new Error("the connection has closed");

/** A socket has a handle below it, which Node does not document, and which stops reading. */
interface WithHandle {
  readonly _handle?: { readonly readStop?: () => void } | null;
}

/** A connection, open or closing. */
class ClosingConnection {
  readonly streams = new Set<ServerHttp2Stream>();
  /** What its streams are reset with. */
  code: number = constants.NGHTTP2_CANCEL;
  /** Whether Node may go on. It then destroys the session for its socket, or the socket for its session. */
  isOver = false;
  destroySession: (() => void) | undefined;
  destroySocket: (() => void) | undefined;

  constructor(readonly socket: Socket) {}

  /** Closes at most `max` streams. @returns how many. */
  closeSome(max: number): number {
    let count = 0;
    for (const stream of this.streams) {
      if (count === max) break;
      count++;
      this.streams.delete(stream);
      stream.close(this.code);
      stream.destroy(CONNECTION_CLOSED);
    }
    return count;
  }

  /** Lets Node go on. */
  finish(): void {
    this.isOver = true;
    const { destroySession, destroySocket } = this;
    this.destroySession = undefined;
    this.destroySocket = undefined;
    destroySession?.();
    destroySocket?.();
  }
}

/** The connections of a server. */
export class ClosingConnections {
  readonly #closing = new Map<Http2Session, ClosingConnection>();
  /** Streams that may still be closed in this turn. */
  #left = STREAMS_PER_TURN;
  #isScheduled = false;

  /**
   * Follows a connection that has just opened.
   *
   * @returns its open streams. The caller adds each, and removes it when it has closed.
   */
  follow(session: ServerHttp2Session, socket: Socket): Set<ServerHttp2Stream> {
    const connection = new ClosingConnection(socket);
    const destroySession = session.destroy.bind(session);
    session.destroy = (error, code) => {
      connection.destroySession ??= () => destroySession(error, code);
      if (!this.#closing.has(session) && code !== undefined) connection.code = code;
      this.#close(session, connection);
    };
    const destroySocket = socket._destroy.bind(socket);
    socket._destroy = (error, done) => {
      connection.destroySocket ??= () => destroySocket(error, done);
      this.#close(session, connection);
    };
    return connection.streams;
  }

  /** Whether the streams of a connection are being closed. */
  has(session: Http2Session | undefined): boolean {
    return session !== undefined && this.#closing.has(session);
  }

  /** Closes the rest at once. */
  finish(): void {
    this.#left = Number.POSITIVE_INFINITY;
    this.#closeSome();
  }

  #close(session: ServerHttp2Session, connection: ClosingConnection): void {
    const cost = STREAMS_OF_CONNECTION + connection.streams.size;
    if (connection.isOver || (cost <= this.#left && !this.#closing.has(session))) {
      this.#left -= connection.isOver ? 0 : cost;
      connection.finish();
    } else if (!this.#closing.has(session)) {
      this.#closing.set(session, connection);
      (connection.socket as WithHandle)._handle?.readStop?.();
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || (this.#closing.size === 0 && this.#left >= STREAMS_PER_TURN)) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#left = STREAMS_PER_TURN;
      this.#closeSome();
    });
  }

  /** Closes as many streams as this turn allows; connections take turns. */
  #closeSome(): void {
    for (const [session, connection] of this.#closing) {
      if (this.#left <= 0) break;
      this.#left -= connection.closeSome(Math.min(STREAMS_AT_ONCE, this.#left));
      this.#closing.delete(session);
      if (connection.streams.size > 0) this.#closing.set(session, connection);
      else {
        this.#left -= STREAMS_OF_CONNECTION;
        connection.finish();
      }
    }
    this.#schedule();
  }
}
