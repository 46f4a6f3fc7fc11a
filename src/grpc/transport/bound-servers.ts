/** The only file that subscribes to events of the HTTP/2 servers below grpc-js, one for each bound address. */
import type { Http2Server } from "node:http2";
import type { Socket } from "node:net";
import type { CallHeaders } from "./call-headers.js";

/** The HTTP/2 servers that are subscribed to. */
export class BoundServers {
  readonly #sockets = new Map<Http2Server, Set<Socket>>();
  readonly #headers: CallHeaders;

  constructor(headers: CallHeaders) {
    this.#headers = headers;
  }

  /** Subscribes to servers. Those that are subscribed to are skipped. */
  add(servers: readonly Http2Server[]): void {
    for (const server of servers) {
      if (this.#sockets.has(server)) continue;
      const open = new Set<Socket>();
      this.#sockets.set(server, open);
      server.on("connection", (socket: Socket) => {
        open.add(socket);
        socket.on("close", () => open.delete(socket));
      });
      // grpc-js subscribed when it created the server; the headers must be read before it reads them.
      server.prependListener("stream", (stream, headers) => this.#headers.read(stream, headers));
    }
  }

  /**
   * Destroys all open sockets. grpc-js stops tracking a connection as soon as it begins to close. If the peer then does not
   * close its side, or a stream is still open, the socket would stay open forever.
   */
  destroySockets(): void {
    for (const open of this.#sockets.values()) for (const socket of open) socket.destroy();
  }
}
