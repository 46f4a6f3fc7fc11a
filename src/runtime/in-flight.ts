import type { PeerAccount } from "../core/vocabulary/held-bytes.js";
import { MIN_SHARED_BYTES } from "../core/vocabulary/model.js";
import type { Chunk } from "./chunk.js";
import { Fifo } from "./fifo.js";

/** Memory of a message in flight beside its bytes, in bytes: buffers, callbacks and the writes of Node; an estimate. */
const MESSAGE_BYTES = 1_024;

const NO_CHUNKS: readonly Chunk[] = [];

/** The messages of one stream that its transport has not taken. They are charged until it has, or the stream closes. */
export class InFlight {
  /** Bytes of the messages. */
  byteLength = 0;
  /** Number of the messages. */
  count = 0;
  /** The chunks of each message that refers to them instead of being a copy, the oldest message first. */
  private readonly chunks = new Fifo<readonly Chunk[]>();
  /** Bytes that are charged to the peer alone. */
  private heldBytes = 0;
  private isReleased = false;

  constructor(private readonly account: PeerAccount) {}

  /**
   * A message is given to the transport.
   *
   * @param chunks - the chunks that it consists of; empty for a message that is encoded for this stream alone.
   * @returns what {@link taken} needs.
   */
  begin(byteLength: number, chunks: readonly Chunk[]): number {
    const isCopied = byteLength < MIN_SHARED_BYTES;
    const heldBytes = MESSAGE_BYTES + (isCopied || chunks.length === 0 ? byteLength : 0);
    this.heldBytes += heldBytes;
    this.account.charge(heldBytes);
    this.byteLength += byteLength;
    this.count++;
    // The transport copies a short message, and refers to the parts of a long one.
    if (isCopied) for (const chunk of chunks) chunk.leave();
    else this.chunks.add(chunks);
    return heldBytes;
  }

  /** The transport has taken the oldest message. @returns false if the stream has closed before. */
  taken(byteLength: number, heldBytes: number): boolean {
    if (this.isReleased) return false;
    this.byteLength -= byteLength;
    this.count--;
    this.heldBytes -= heldBytes;
    this.account.release(heldBytes);
    if (byteLength >= MIN_SHARED_BYTES) for (const chunk of this.chunks.take() ?? NO_CHUNKS) chunk.leave();
    return true;
  }

  /** The stream has closed: nothing is in flight any more. */
  release(): void {
    this.isReleased = true;
    for (let chunks = this.chunks.take(); chunks; chunks = this.chunks.take()) {
      for (const chunk of chunks) chunk.leave();
    }
    if (this.heldBytes > 0) this.account.release(this.heldBytes);
    this.heldBytes = 0;
  }
}
