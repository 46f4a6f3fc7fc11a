/**
 * Items in the order of their serial numbers, read from the newest back.
 *
 * The natural ways are a sort when the items are listed, which held the event loop for 290 ms per page beside 200,000
 * items, and a linked list, which cannot begin in the middle. Serial numbers only grow, so this appends to an array and
 * leaves gaps where items were removed: an addition and a removal cost a few nanoseconds. When the gaps outnumber the
 * items, the array is compacted.
 */

/** Number of gaps below which the array is not compacted, however few items there are. */
const MIN_GAPS = 1_024;

/** What an item keeps for its order. */
export interface Placed {
  /** Index in the order; only the order writes it. */
  place: number;
}

/** An order of items. An item is in one order at most. */
export class SerialOrder<T extends Placed> {
  private readonly items: (T | undefined)[] = [];
  private readonly serials: number[] = [];
  private count = 0;

  /** Number of items. */
  get size(): number {
    return this.count;
  }

  /** Number of places, with items or empty. */
  get placeCount(): number {
    return this.items.length;
  }

  /** Adds an item. @param serial - above those of all items that were ever added. */
  add(serial: number, item: T): void {
    if (this.items.length - this.count > Math.max(MIN_GAPS, this.count)) this.compact();
    item.place = this.items.length;
    this.items.push(item);
    this.serials.push(serial);
    this.count++;
  }

  /** Puts another item, which is in no order, in the place of an item. */
  replace(item: T, other: T): void {
    this.items[item.place] = other;
    other.place = item.place;
  }

  /** Removes an item. */
  remove(item: T): void {
    this.items[item.place] = undefined;
    this.count--;
  }

  /** The items with lower serial numbers, from the highest down. Read them before the next change. */
  *before(serial: number): Generator<T> {
    for (let i = this.firstNotBelow(serial) - 1; i >= 0; i--) {
      const item = this.items[i];
      if (item) yield item;
    }
  }

  private firstNotBelow(serial: number): number {
    let low = 0;
    let high = this.serials.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.serials[middle] as number) < serial) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private compact(): void {
    let end = 0;
    for (let i = 0; i < this.items.length; i++) {
      const item = this.items[i];
      if (!item) continue;
      item.place = end;
      this.items[end] = item;
      this.serials[end] = this.serials[i] as number;
      end++;
    }
    this.items.length = end;
    this.serials.length = end;
  }
}
