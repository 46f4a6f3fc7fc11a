/** The maximum number of buffers that are kept. */
const MAX_SPARE = 64;

/**
 * Keeps the buffers of finished batches for the next batches.
 *
 * The natural way is a new buffer for each batch, which grows with the batch. Growing cost more than any other function
 * of the server. Instead, a finished batch is copied into bytes of exactly its size, and its buffer is reused. The exact
 * size also keeps the byte counts of the queues true. This can go when a growing buffer no longer leads the CPU profile.
 */
export class SpareBuffers {
  private readonly buffers: Buffer[] = [];

  /** Takes a buffer. @returns undefined if none is kept. */
  take(): Buffer | undefined {
    return this.buffers.pop();
  }

  /** Returns a buffer for reuse. Drops it if the maximum is reached. */
  give(buffer: Buffer): void {
    if (buffer.length > 0 && this.buffers.length < MAX_SPARE) this.buffers.push(buffer);
  }
}
