/**
 * The chunks that wait for one stream. A chunk is added, taken or dropped in constant time on average, however many wait:
 * a peer that does not read can make the queue as long as its buffer allows.
 */

/** What the queue asks of a chunk. Once a chunk is no longer open, neither answer changes. */
export interface QueuedChunk {
  /** Whether events may still be appended. */
  readonly isOpen: boolean;
  readonly isDroppable: boolean;
}

/** Minimum number of empty places for a compaction; at least half of all places must be empty as well. */
const MIN_EMPTY_PLACES = 32;

/** A queue, the oldest chunk first. */
export class ChunkQueue<T extends QueuedChunk> {
  /** Dropped chunks leave empty places. The first and the last place are never empty, unless the queue is. */
  private places: (T | undefined)[] = [];
  private head = 0;
  private count = 0;
  /** No chunk before this place can ever be dropped. */
  private dropFrom = 0;

  /** The number of chunks. */
  get length(): number {
    return this.count;
  }

  /** The oldest chunk; undefined if the queue is empty. */
  get first(): T | undefined {
    return this.places[this.head];
  }

  /** The newest chunk; undefined if the queue is empty. */
  get last(): T | undefined {
    return this.count > 0 ? this.places[this.places.length - 1] : undefined;
  }

  /** Adds a chunk behind all others. */
  push(chunk: T): void {
    this.places.push(chunk);
    this.count++;
  }

  /** Removes the oldest chunk. */
  shift(): void {
    if (this.count > 0) this.remove(this.head);
  }

  /**
   * Removes the oldest chunk that is not open and may be dropped.
   *
   * @param keepsNewest - whether the newest chunk stays in any case.
   */
  dropOldest(keepsNewest = true): T | undefined {
    let isSettled = true;
    const end = keepsNewest ? this.places.length - 1 : this.places.length;
    for (let i = Math.max(this.dropFrom, this.head); i < end; i++) {
      const chunk = this.places[i];
      if (chunk?.isOpen) isSettled = false;
      else if (chunk?.isDroppable) {
        this.remove(i);
        return chunk;
      }
      if (isSettled) this.dropFrom = i + 1;
    }
    return undefined;
  }

  /** Removes all chunks. */
  clear(): void {
    this.places = [];
    this.head = 0;
    this.count = 0;
    this.dropFrom = 0;
  }

  private remove(place: number): void {
    this.places[place] = undefined;
    this.count--;
    if (this.count === 0) {
      this.clear();
      return;
    }
    while (this.places[this.head] === undefined) this.head++;
    while (this.places[this.places.length - 1] === undefined) this.places.pop();
    this.dropFrom = Math.min(this.dropFrom, this.places.length);
    const emptyCount = this.places.length - this.count;
    if (emptyCount >= MIN_EMPTY_PLACES && emptyCount >= this.count) this.compact();
  }

  private compact(): void {
    const kept: T[] = [];
    let dropFrom = 0;
    for (const [i, chunk] of this.places.entries()) {
      if (!chunk) continue;
      if (i < this.dropFrom) dropFrom++;
      kept.push(chunk);
    }
    this.places = kept;
    this.head = 0;
    this.dropFrom = dropFrom;
  }
}
