/** What the attacker sent and what it was told. */

/** Counters of one attack. */
export class Tally {
  readonly told: Record<string, number> = {};
  /** Bytes of headers and messages before compression. */
  decompressedBytes = 0;
  /** Requests of an honest load, and how many of them were answered as they should be. */
  answered = 0;
  total = 0;
  #sentBefore = 0;
  readonly #sockets = new Set<{ readonly bytesWritten: number }>();

  /** Bytes that all sockets have written. */
  get sentBytes(): number {
    let bytes = this.#sentBefore;
    for (const socket of this.#sockets) bytes += socket.bytesWritten;
    return bytes;
  }

  /** Counts what the attacker is told: a status, or an event of a connection. */
  tell(what: string): void {
    this.told[what] = (this.told[what] ?? 0) + 1;
  }

  /** Counts what a socket writes until it is released. */
  follow(socket: { readonly bytesWritten: number }): void {
    this.#sockets.add(socket);
  }

  /** Keeps the count of a closed socket without the socket. */
  release(socket: { readonly bytesWritten: number }): void {
    if (this.#sockets.delete(socket)) this.#sentBefore += socket.bytesWritten;
  }
}
