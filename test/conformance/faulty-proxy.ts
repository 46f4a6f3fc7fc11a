import { connect, createServer, type Server, type Socket } from "node:net";

/** One connection through the proxy. */
interface Wire {
  readonly peer: Socket;
  readonly server: Socket;
  isFrozen: boolean;
}

/**
 * A TCP proxy between the adapters of one role and the server, which can fail like a network.
 *
 * Its address stays the same while the server behind it changes.
 */
export class FaultyProxy {
  readonly #listener: Server;
  readonly #wires = new Set<Wire>();
  #target: number | undefined;
  #isBlockedToPeers = false;
  #isBlockedFromPeers = false;
  #isRefusing = false;

  private constructor(listener: Server) {
    this.#listener = listener;
    listener.on("connection", (peer) => this.#accept(peer));
  }

  /** Listens on a free port of the loopback interface. It refuses connections until {@link connectTo}. */
  static async open(): Promise<FaultyProxy> {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    return new FaultyProxy(listener);
  }

  /** The address of the proxy, `host:port`. */
  get address(): string {
    const address = this.#listener.address();
    if (address === null || typeof address === "string") throw new Error("the proxy is closed");
    return `127.0.0.1:${address.port}`;
  }

  /** Forwards new connections to this server, without failures. Cuts existing connections. */
  connectTo(address: string): void {
    this.#target = Number(address.slice(address.lastIndexOf(":") + 1));
    this.heal();
    this.cut();
  }

  /** Cuts existing connections and refuses new ones. */
  refuse(): void {
    this.#isRefusing = true;
    this.cut();
  }

  /** Closes every connection. New ones work. */
  cut(): void {
    for (const { peer, server } of this.#wires) {
      peer.destroy();
      server.destroy();
    }
    this.#wires.clear();
  }

  /** Holds back all data from the server to the peers. */
  blockToPeers(): void {
    this.#isBlockedToPeers = true;
    for (const { server } of this.#wires) server.pause();
  }

  /** Holds back all data from the peers to the server. */
  blockFromPeers(): void {
    this.#isBlockedFromPeers = true;
    for (const { peer } of this.#wires) peer.pause();
  }

  /** Ends all failures: forwards the data that was held back, cuts half-open connections, accepts new ones. */
  heal(): void {
    this.#isBlockedToPeers = false;
    this.#isBlockedFromPeers = false;
    this.#isRefusing = false;
    for (const { peer, server, isFrozen } of this.#wires) {
      peer.resume();
      server.resume();
      if (!isFrozen) continue;
      peer.destroy();
      server.destroy();
    }
  }

  /** Makes existing connections half-open: they lose all data and the end of either side. New connections work. */
  freeze(): void {
    for (const wire of this.#wires) wire.isFrozen = true;
  }

  /** Cuts every connection and stops listening. */
  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#listener.close(() => resolve()));
  }

  #accept(peer: Socket): void {
    if (this.#isRefusing || this.#target === undefined) {
      peer.destroy();
      return;
    }
    const server = connect({ port: this.#target, host: "127.0.0.1" });
    const wire: Wire = { peer, server, isFrozen: false };
    this.#wires.add(wire);
    this.#forward(wire, peer, server, () => !this.#isBlockedFromPeers);
    this.#forward(wire, server, peer, () => !this.#isBlockedToPeers);
    if (this.#isBlockedToPeers) server.pause();
    if (this.#isBlockedFromPeers) peer.pause();
  }

  #forward(wire: Wire, from: Socket, to: Socket, mayFlow: () => boolean): void {
    from.setNoDelay(true);
    from.on("data", (chunk) => {
      if (wire.isFrozen || to.write(chunk)) return;
      from.pause();
      to.once("drain", () => void (mayFlow() && from.resume()));
    });
    from.on("error", () => {});
    from.on("end", () => void (wire.isFrozen || to.end()));
    from.on("close", () => {
      if (!wire.isFrozen) to.destroySoon();
      if (to.destroyed) this.#wires.delete(wire);
    });
  }
}
