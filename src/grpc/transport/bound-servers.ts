/** The only file that subscribes to events of the HTTP/2 servers below grpc-js, one for each bound address. */
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { CallHeaders } from "./call-headers.js";
import type { Connections } from "./connections.js";
import type { GrpcJsInternals } from "./grpc-js-internals.js";
import type { PeerConnections } from "./peer-connections.js";

/** The HTTP/2 servers that are subscribed to. */
export class BoundServers {
  readonly #sockets = new Map<Http2Server, Set<Socket>>();
  readonly #internals: GrpcJsInternals;
  readonly #headers: CallHeaders;
  readonly #peers: PeerConnections;
  readonly #connections: Connections | undefined;

  /** @param connections - undefined if connections have no maximum age. */
  constructor(
    internals: GrpcJsInternals,
    headers: CallHeaders,
    peers: PeerConnections,
    connections: Connections | undefined,
  ) {
    this.#internals = internals;
    this.#peers = peers;
    this.#headers = headers;
    this.#connections = connections;
  }

  /** Subscribes to servers. Those that are subscribed to are skipped. */
  add(servers: readonly Http2Server[]): void {
    for (const server of servers) {
      if (this.#sockets.has(server)) continue;
      const open = new Set<Socket>();
      this.#sockets.set(server, open);
      // Node subscribed when it created the server; the peer must be known before the session begins.
      server.prependListener("connection", (socket: Socket) => {
        open.add(socket);
        const closed = this.#peers.opened(socket);
        socket.on("close", () => {
          open.delete(socket);
          closed();
        });
      });
      // grpc-js subscribed when it created the server; the headers must be read before it reads them.
      server.prependListener("stream", (stream, headers) => this.#headers.read(stream, headers));
      server.on("session", (session) => {
        this.#followPeer(session);
        this.#internals.pingWhileClosing(session);
      });
      server.on("sessionError", (error, session) => {
        // Node found a flood or a violation of HTTP/2. Errors of the system, such as ECONNRESET, are nobody's fault.
        if (String((error as NodeJS.ErrnoException).code).startsWith("ERR_HTTP2_"))
          this.#peers.failed(session);
      });
      if (this.#connections) followAges(server, this.#connections);
    }
  }

  #followPeer(session: ServerHttp2Session): void {
    const { connection, started } = this.#peers.begun(session);
    session.once("connect", (_session, socket: Socket) => {
      connection.socket = socket;
    });
    session.once("remoteSettings", started);
    session.once("close", started);
    // The event of the server would be too late: a stream that is reset at once no longer knows its session.
    const onAborted = (): void => {
      // All streams of a connection are aborted when it closes.
      const isOpen = !session.destroyed && session.socket?.destroyed === false;
      if (isOpen) this.#peers.annoyed(connection);
    };
    session.prependListener("stream", (stream: ServerHttp2Stream) => stream.on("aborted", onAborted));
  }

  /**
   * Destroys all open sockets. grpc-js stops tracking a connection as soon as it begins to close. If the peer then does not
   * close its side, or a stream is still open, the socket would stay open forever.
   */
  destroySockets(): void {
    for (const open of this.#sockets.values()) for (const socket of open) socket.destroy();
  }
}

function followAges(server: Http2Server, connections: Connections): void {
  server.on("session", (session) => {
    session.once("connect", (_session, socket) => {
      connections.open(session, socket);
      socket.once("close", () => connections.close(session));
    });
  });
}
