import { connect, createServer, type Server, type Socket } from "node:net";

interface Wire {
  readonly peer: Socket;
  readonly server: Socket;
  isFrozen: boolean;
}

/**
 * What lies between the adapters of one role and the server: forwards bytes, and can fail the ways a network does.
 *
 * Its own address stays the same while the server behind it changes.
 */
export class Link {
  readonly #listener: Server;
  readonly #wires = new Set<Wire>();
  #target: number | undefined;
  #isDeaf = false;
  #isMute = false;
  #isAway = false;

  private constructor(listener: Server) {
    this.#listener = listener;
    listener.on("connection", (peer) => this.#accept(peer));
  }

  /** Listens on a free port of the loopback interface; leads nowhere yet. */
  static async open(): Promise<Link> {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    return new Link(listener);
  }

  /** Where it is reached, `host:port`. */
  get address(): string {
    const address = this.#listener.address();
    if (address === null || typeof address === "string") throw new Error("the link is closed");
    return `127.0.0.1:${address.port}`;
  }

  /** Leads to this server from now on, sound again. What is open is cut. */
  lead(address: string): void {
    this.#target = Number(address.slice(address.lastIndexOf(":") + 1));
    this.mend();
    this.cut();
  }

  /** Leads to nobody: every connection breaks, and new ones do at once. */
  leave(): void {
    this.#isAway = true;
    this.cut();
  }

  /** Breaks every connection. */
  cut(): void {
    for (const { peer, server } of this.#wires) {
      peer.destroy();
      server.destroy();
    }
    this.#wires.clear();
  }

  /** Its peers are deaf: what the server sends is held back. */
  deafen(): void {
    this.#isDeaf = true;
    for (const { server } of this.#wires) server.pause();
  }

  /** Its peers are mute: what they send is held back. */
  mute(): void {
    this.#isMute = true;
    for (const { peer } of this.#wires) peer.pause();
  }

  /** Is sound again: lets go what was held back, cuts what was frozen, and leads somewhere. */
  mend(): void {
    this.#isDeaf = false;
    this.#isMute = false;
    this.#isAway = false;
    for (const { peer, server, isFrozen } of this.#wires) {
      peer.resume();
      server.resume();
      if (!isFrozen) continue;
      peer.destroy();
      server.destroy();
    }
  }

  /** Loses every byte and every goodbye of the connections there are, in both directions; new ones are sound. */
  freeze(): void {
    for (const wire of this.#wires) wire.isFrozen = true;
  }

  /** Closes for good. */
  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#listener.close(() => resolve()));
  }

  #accept(peer: Socket): void {
    if (this.#isAway || this.#target === undefined) {
      peer.destroy();
      return;
    }
    const server = connect({ port: this.#target, host: "127.0.0.1" });
    const wire: Wire = { peer, server, isFrozen: false };
    this.#wires.add(wire);
    this.#forward(wire, peer, server, () => !this.#isMute);
    this.#forward(wire, server, peer, () => !this.#isDeaf);
    if (this.#isDeaf) server.pause();
    if (this.#isMute) peer.pause();
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
