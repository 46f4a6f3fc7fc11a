/**
 * A queue from the oldest to the newest item, for items that may go before it is their turn. The owner of an item marks it
 * as gone and calls {@link AgeQueue.noteGone}; no item has to be searched. Every operation takes constant time on average.
 */

/** Minimum number of items that are gone for a compaction; at least half of all items must be gone as well. */
const MIN_GONE = 64;

/** An item that may be gone. */
export interface Passing {
  /** Whether it is no longer in the queue. */
  readonly isGone: boolean;
}

/** Items by age. */
export class AgeQueue<T extends Passing> {
  private items: (T | undefined)[] = [];
  private start = 0;
  private goneCount = 0;

  /** Number of items that are not gone. */
  get size(): number {
    return this.items.length - this.start - this.goneCount;
  }

  /** Adds the newest item. */
  push(item: T): void {
    this.items.push(item);
  }

  /** The oldest item that is not gone; undefined if there is none. */
  oldest(): T | undefined {
    for (; this.start < this.items.length; this.start++) {
      const item = this.items[this.start];
      if (item && !item.isGone) return item;
      this.items[this.start] = undefined;
      this.goneCount--;
    }
    return undefined;
  }

  /** Notes that an item of the queue is gone. */
  noteGone(): void {
    this.goneCount++;
    const empty = this.start + this.goneCount;
    if (empty < MIN_GONE || 2 * empty < this.items.length) return;
    this.items = this.items.filter((item) => item && !item.isGone);
    this.start = 0;
    this.goneCount = 0;
  }
}
