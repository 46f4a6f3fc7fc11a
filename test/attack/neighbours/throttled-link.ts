/** A link of limited bandwidth between a peer and the server. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { hostAndPort } from "../attacker/connection.js";

/** Bytes that pass before the link waits. Small, so that the link is even. */
const STEP_BYTES = 64 * 1_024;

/** A TCP proxy whose bytes from the server to its peers pass at a limited rate. */
export class ThrottledLink {
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** The address that peers connect to. */
    readonly address: string,
  ) {}

  /** @param bitsPerSecond - of each connection. */
  static async to(target: string, bitsPerSecond: number): Promise<ThrottledLink> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const bound = server.address();
    const link = new ThrottledLink(server, `127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`);
    server.on("connection", (peer) => link.#join(peer, connect(hostAndPort(target)), bitsPerSecond / 8_000));
    return link;
  }

  /** Closes all connections. */
  close(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(peer: Socket, server: Socket, bytesPerMs: number): void {
    for (const [socket, other] of [
      [peer, server],
      [server, peer],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    peer.pipe(server);
    let freeAt = performance.now();
    let passed = 0;
    server.on("data", (bytes) => {
      peer.write(bytes);
      freeAt = Math.max(freeAt, performance.now()) + bytes.byteLength / bytesPerMs;
      passed += bytes.byteLength;
      if (passed < STEP_BYTES) return;
      passed = 0;
      server.pause();
      setTimeout(() => server.resume(), freeAt - performance.now());
    });
  }
}
