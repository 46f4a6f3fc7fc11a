/** Compacts the array when this many places at its front are free, and at least half of all. */
const MIN_FREE = 32;

/**
 * A queue, first in, first out.
 *
 * The natural way is an array with `shift`, which moves all other items once an array is long: a queue of n items costs n
 * squared. This moves each item at most once on average, and releases an item when it is taken.
 */
export class Fifo<T> {
  private items: (T | undefined)[] = [];
  private head = 0;

  /** The number of items. */
  get length(): number {
    return this.items.length - this.head;
  }

  /** The item that is taken next. */
  get first(): T | undefined {
    return this.items[this.head];
  }

  /** Adds an item as the last one. */
  add(item: T): void {
    this.items.push(item);
  }

  /** Adds an item as the first one. */
  addFirst(item: T): void {
    if (this.head > 0) this.items[--this.head] = item;
    else this.items.unshift(item);
  }

  /** Takes the first item. @returns undefined if there is none. */
  take(): T | undefined {
    const { head, items } = this;
    if (head === items.length) return undefined;
    const item = items[head];
    items[head] = undefined;
    this.head = head + 1;
    if (this.head === items.length) this.clear();
    else if (this.head >= MIN_FREE && this.head * 2 >= items.length) {
      items.copyWithin(0, this.head);
      items.length -= this.head;
      this.head = 0;
    }
    return item;
  }

  /** Removes all items. */
  clear(): void {
    this.items.length = 0;
    this.head = 0;
  }
}
