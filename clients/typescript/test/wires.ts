import { connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** What lies between a client and a server: TCP connections that can become half-open. */
export class Wires {
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  readonly #frozen = new Set<Socket>();
  readonly #near = new Set<Socket>();
  #onClosed = () => {};

  private constructor(port: number) {
    this.#listener = createServer((near) => {
      const far = connect(port, "127.0.0.1");
      this.#near.add(near);
      near.on("close", () => {
        this.#near.delete(near);
        this.#onClosed();
      });
      this.#join(near, far);
      this.#join(far, near);
    });
  }

  /** Leads to a port of the loopback interface, until the test is over. */
  static async to(port: number): Promise<Wires> {
    const wires = new Wires(port);
    await new Promise<void>((resolve) => wires.#listener.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      for (const socket of wires.#sockets) socket.destroy();
      wires.#listener.close();
    });
    return wires;
  }

  /** Where a client connects. */
  get address(): string {
    const address = this.#listener.address();
    if (address === null || typeof address === "string") throw new Error("it does not listen");
    return `127.0.0.1:${address.port}`;
  }

  /** How many connections there are. */
  get count(): number {
    return this.#near.size;
  }

  /** Waits until so many connections are left. */
  async until(count: number): Promise<void> {
    while (this.count > count) {
      await new Promise<void>((resolve) => {
        this.#onClosed = resolve;
      });
    }
  }

  /** Loses every byte, and every goodbye, of the connections there are; new ones are sound. */
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
