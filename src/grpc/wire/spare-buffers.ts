/** Buffers that are kept for the next batch, at most. */
const MAX_SPARE = 64;

/**
 * Buffers that batches were written into and copied from.
 *
 * The natural way is a new buffer for each batch, which grows while the batch does: that cost more than any other function
 * of the server. A batch is copied out at its end instead, in bytes of exactly its size, so that queued bytes are as many
 * as they look; and its buffer serves the next one.
 */
export class SpareBuffers {
  private readonly buffers: Buffer[] = [];

  /** @returns undefined if there is none. */
  take(): Buffer | undefined {
    return this.buffers.pop();
  }

  /** Keeps a buffer, or drops it if enough are kept. */
  give(buffer: Buffer): void {
    if (buffer.length > 0 && this.buffers.length < MAX_SPARE) this.buffers.push(buffer);
  }
}
