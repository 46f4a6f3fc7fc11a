/** The only file that subscribes to events of the HTTP/2 servers below grpc-js, one for each bound address. */
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Runtime } from "../../ports/runtime.js";
import type { CallHeaders } from "./call-headers.js";
import { ClosingConnections } from "./closing-connections.js";
import type { Connections } from "./connections.js";
import type { GrpcJsInternals } from "./grpc-js-internals.js";
import type { PeerConnections } from "./peer-connections.js";

type BeginStream = (this: Http2Server, stream: ServerHttp2Stream, ...rest: readonly unknown[]) => void;

/** Services that hear of connections and streams. */
export interface BoundServerServices {
  readonly internals: GrpcJsInternals;
  readonly headers: CallHeaders;
  readonly peers: PeerConnections;
  /** Undefined if connections have no maximum age. */
  readonly connections: Connections | undefined;
  readonly runtime: Pick<Runtime, "inTurn">;
}

/**
 * Errors of nghttp2 for frames that the protocol forbids (PROTO) and for a beginning that is not HTTP/2 (BAD_CLIENT_MAGIC).
 * Honest peers cause them: grpc-go closes every connection with a GOAWAY that names a stream of its own, which nghttp2
 * rejects, and probes ask in HTTP/1.1. Each costs its sender a connection. All other errors are floods.
 */
const VIOLATIONS: readonly (number | undefined)[] = [-505, -903];

/** The HTTP/2 servers that are subscribed to. */
export class BoundServers {
  readonly #sockets = new Map<Http2Server, Set<Socket>>();
  readonly #closing = new ClosingConnections();
  readonly #services: BoundServerServices;

  constructor(services: BoundServerServices) {
    this.#services = services;
  }

  /** Subscribes to servers. Those that are subscribed to are skipped. */
  add(servers: readonly Http2Server[]): void {
    const { connections } = this.#services;
    for (const server of servers) {
      if (this.#sockets.has(server)) continue;
      const open = new Set<Socket>();
      this.#sockets.set(server, open);
      // Node subscribed when it created the server; the peer must be known before the session begins.
      server.prependListener("connection", (socket: Socket) => {
        open.add(socket);
        const closed = this.#services.peers.opened(socket);
        socket.on("close", () => {
          open.delete(socket);
          closed();
        });
      });
      this.#beginInTurns(server);
      server.on("session", (session) => {
        this.#followPeer(session);
        this.#services.internals.pingWhileClosing(session);
      });
      server.on("sessionError", (error, session) => {
        const { code, errno } = error as NodeJS.ErrnoException;
        // Errors of the system, such as ECONNRESET, are nobody's fault.
        if (!String(code).startsWith("ERR_HTTP2_")) return;
        if (VIOLATIONS.includes(errno)) this.#services.peers.violated(session);
        else this.#services.peers.flooded(session);
      });
      if (connections) followAges(server, connections);
    }
  }

  /**
   * Lets the calls of each peer begin in its turn. grpc-js begins each when its headers arrive, which takes a quarter of a
   * millisecond; a thousand of them, with HPACK no more than 20 KB, would hold the event loop for as many quarters.
   */
  #beginInTurns(server: Http2Server): void {
    // grpc-js subscribed when it created the server.
    const listeners = server.listeners("stream") as BeginStream[];
    server.removeAllListeners("stream");
    server.on("stream", (stream: ServerHttp2Stream, headers, ...rest) => {
      const read = this.#services.headers.arrived(stream, headers);
      const peer = this.#services.peers.of(stream.session)?.peer.id.key ?? "";
      let hasBegun = false;
      this.#services.runtime.inTurn({ peer }, () => {
        if (stream.destroyed || stream.closed || this.#closing.has(stream.session)) return;
        hasBegun = true;
        read();
        for (const listener of listeners) listener.call(server, stream, headers, ...rest);
      });
      // grpc-js listens to errors of the streams that it has begun; an error that nobody listens to ends the process.
      if (!hasBegun) stream.on("error", () => undefined);
    });
  }

  #followPeer(session: ServerHttp2Session): void {
    const { connection, started } = this.#services.peers.begun(session);
    let streams: Set<ServerHttp2Stream> | undefined;
    session.once("connect", (_session, socket: Socket) => {
      connection.socket = socket;
      streams = this.#closing.follow(session, socket);
    });
    session.once("remoteSettings", started);
    session.once("close", () => {
      started();
      connection.closed();
    });
    // The event of the server would be too late: a stream that is reset at once no longer knows its session.
    const onAborted = (): void => {
      // All streams of a connection are aborted when it closes.
      const isOpen = !session.destroyed && !this.#closing.has(session) && session.socket?.destroyed === false;
      if (isOpen) this.#services.peers.annoyed(connection);
    };
    const onClosed = function (this: ServerHttp2Stream): void {
      streams?.delete(this);
    };
    session.prependListener("stream", (stream: ServerHttp2Stream) => {
      streams?.add(stream);
      stream.on("aborted", onAborted);
      stream.on("close", onClosed);
    });
  }

  /**
   * Destroys all open sockets. grpc-js stops tracking a connection as soon as it begins to close. If the peer then does not
   * close its side, or a stream is still open, the socket would stay open forever.
   */
  destroySockets(): void {
    this.#closing.finish();
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
