import { WireWriter } from "../codec/writer.js";
import { MAX_MESSAGE_BYTES } from "./message-parts.js";

/**
 * The queue of items to write to a stream, which merges them into messages.
 *
 * Items that are pushed in one turn of the event loop, or in response to one message, leave as one message, or as a
 * few if they exceed {@link MAX_MESSAGE_BYTES}; only an item that is larger by itself makes a larger message. An item never waits for others to fill a message. While the stream is
 * congested, items queue here in order.
 */
export class OutgoingBatch {
  readonly #write: (message: Buffer) => boolean;
  /** Full messages, in order. */
  #full: Buffer[] = [];
  /** The message that is being filled. */
  readonly #filling = new WireWriter();
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
  // nextTick from a microtask runs after all microtasks, so after the reactions of all settled promises.
  readonly #onMicrotask = () => process.nextTick(this.#onTick);

  /**
   * @param write - writes one message; returns false if the stream is congested from then on, until {@link drained}.
   */
  constructor(write: (message: Buffer) => boolean) {
    this.#write = write;
  }

  /** The size of the queued items, in bytes. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Enqueues an item. Ignored after {@link close}. @param item - a message that holds this item alone, encoded. */
  push(item: Uint8Array): void {
    this.begin(item.byteLength)?.append(item);
  }

  /**
   * Starts an item. The caller must write the item, encoded as for {@link push}, before it calls anything else.
   *
   * @param byteLength - the exact number of bytes that the caller will write.
   * @returns a buffer with room for the item; undefined after {@link close}.
   */
  begin(byteLength: number): WireWriter | undefined {
    if (this.#isClosed) return undefined;
    const filling = this.#filling;
    if (filling.byteLength > 0 && filling.byteLength + byteLength > MAX_MESSAGE_BYTES) {
      this.#full.push(filling.take());
    }
    filling.reserve(byteLength);
    this.#queuedBytes += byteLength;
    this.#schedule();
    return filling;
  }

  /** Resolves when the queue is empty, because its items were written or dropped. */
  async whenEmpty(): Promise<void> {
    if (this.#queuedBytes === 0) return;
    await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  /** Resumes writing, after the stream was congested. */
  drained(): void {
    this.#isCongested = false;
    this.#schedule();
  }

  /**
   * Flushes as soon as the reactions to the current message have run, including those in promises, instead of at the
   * end of the turn. So the server can work on the response while this process reads other streams. The response is
   * still one message, since only reactions to other streams could add to it.
   */
  flushWhenSettled(): void {
    queueMicrotask(this.#onMicrotask);
  }

  /** Writes the queued items until the stream is congested. */
  flush(): void {
    while (!this.#isCongested && this.#queuedBytes > 0) this.#isCongested = !this.#write(this.#take());
    if (this.#queuedBytes === 0) this.#announceEmpty();
  }

  /** Drops the queued items, and all later ones. Called when the stream has ended. */
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
