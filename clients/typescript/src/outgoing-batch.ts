import { WireBuffer } from "./wire-buffer.js";

/**
 * How many bytes are put into one message at most, unless one item alone is
 * larger: far above what a turn collects, and below the message limit of any
 * server.
 */
export const MAX_BATCH_BYTES = 512 * 1024;

/**
 * What waits to be written to a stream.
 *
 * Everything that is pushed in one turn of the event loop, or in answer to one
 * message, leaves as one message (or as few, by size); nothing ever waits to
 * fill one. While the stream is congested the items wait here, in order.
 */
export class OutgoingBatch {
  readonly #write: (message: Buffer) => boolean;
  /** Messages that are full. */
  #full: Buffer[] = [];
  /** The message that is being filled. */
  readonly #filling = new WireBuffer();
  #queuedBytes = 0;
  #isScheduled = false;
  #isCongested = false;
  #isClosed = false;
  #emptied: (() => void)[] = [];
  readonly #onTurn = () => {
    this.#isScheduled = false;
    this.flush();
  };
  readonly #onTick = () => this.flush();
  // The next tick comes when no promise is left that is settled.
  readonly #onMicrotask = () => process.nextTick(this.#onTick);

  /** @param write - writes one message; false if the stream is congested, until {@link drained}. */
  constructor(write: (message: Buffer) => boolean) {
    this.#write = write;
  }

  /** Bytes that wait to be written. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** @param item - an encoded batch of one item. Ignored once closed. */
  push(item: Uint8Array): void {
    this.begin(item.byteLength)?.append(item);
  }

  /**
   * Begins an item, whose encoded batch of one the caller writes at once, and without calling anybody else meanwhile.
   *
   * @param byteLength - how many bytes it will write.
   * @returns where to write, with room for them; undefined once closed.
   */
  begin(byteLength: number): WireBuffer | undefined {
    if (this.#isClosed) return undefined;
    const filling = this.#filling;
    if (filling.byteLength > 0 && filling.byteLength + byteLength > MAX_BATCH_BYTES) {
      this.#full.push(filling.take());
    }
    filling.reserve(byteLength);
    this.#queuedBytes += byteLength;
    this.#schedule();
    return filling;
  }

  /** Resolves once all that waits now was written or dropped; at once if nothing waits. */
  async whenEmpty(): Promise<void> {
    if (this.#queuedBytes === 0) return;
    await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  /** The stream takes messages again. */
  drained(): void {
    this.#isCongested = false;
    this.#schedule();
  }

  /**
   * Writes what answers the message that is being read as soon as all that follows from it has run, promises included. It
   * leaves with the reading of its connection then, and the server works on it while this side reads other streams: at
   * the end of the turn each would wait for the other. It is one message still; only other streams could add to it.
   */
  flushWhenSettled(): void {
    queueMicrotask(this.#onMicrotask);
  }

  /** Writes what waits now, as far as the stream takes it. */
  flush(): void {
    while (!this.#isCongested && this.#queuedBytes > 0) this.#isCongested = !this.#write(this.#take());
    if (this.#queuedBytes === 0) this.#announceEmpty();
  }

  /** Drops what waits and takes nothing any more: the stream is gone. */
  close(): void {
    this.#isClosed = true;
    this.#full = [];
    this.#filling.clear();
    this.#queuedBytes = 0;
    this.#announceEmpty();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isCongested || this.#queuedBytes === 0) return;
    this.#isScheduled = true;
    setImmediate(this.#onTurn);
  }

  #take(): Buffer {
    const message = this.#full.shift() ?? this.#filling.take();
    this.#queuedBytes -= message.byteLength;
    return message;
  }

  #announceEmpty(): void {
    if (this.#emptied.length === 0) return;
    for (const resolve of this.#emptied.splice(0)) resolve();
  }
}
