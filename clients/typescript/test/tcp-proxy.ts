import { connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A TCP proxy between a client and a server. It can make its connections half-open. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #frozen = new Set<Socket>();
  readonly #clientSockets = new Set<Socket>();
  #onClosed = () => {};

  private constructor(port: number) {
    this.#server = createServer((clientSide) => {
      const serverSide = connect(port, "127.0.0.1");
      this.#clientSockets.add(clientSide);
      clientSide.on("close", () => {
        this.#clientSockets.delete(clientSide);
        this.#onClosed();
      });
      this.#join(clientSide, serverSide);
      this.#join(serverSide, clientSide);
    });
  }

  /** Starts a proxy to a port of the loopback interface. It stops at the end of the test. */
  static async to(port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      for (const socket of proxy.#sockets) socket.destroy();
      proxy.#server.close();
    });
    return proxy;
  }

  /** The address that clients connect to. */
  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy does not listen");
    return `127.0.0.1:${address.port}`;
  }

  /** The number of client connections. */
  get count(): number {
    return this.#clientSockets.size;
  }

  /** Waits until at most `count` connections are left. */
  async until(count: number): Promise<void> {
    while (this.count > count) {
      await new Promise<void>((resolve) => {
        this.#onClosed = resolve;
      });
    }
  }

  /** Drops all data and closes of the present connections from now on. New connections work. */
  freeze(): void {
    for (const socket of this.#sockets) this.#frozen.add(socket);
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on("data", (chunk) => {
      if (!this.#frozen.has(from)) to.write(chunk);
    });
    from.on("error", () => {});
    from.on("close", () => {
      this.#sockets.delete(from);
      if (!this.#frozen.has(from)) to.destroy();
    });
  }
}
