/** A binary heap: adding an item, and taking the first one, take logarithmic time. */
export class Heap<T> {
  private readonly items: T[] = [];

  /** @param isBefore - whether the first argument comes first; must not change for items of the heap. */
  constructor(private readonly isBefore: (a: T, b: T) => boolean) {}

  /** The item that comes before all others; undefined if there is none. */
  get first(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    const { items } = this;
    let at = items.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent] as T;
      if (!this.isBefore(item, above)) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  /** Removes the first item; does nothing if there is none. */
  pop(): void {
    const { items } = this;
    const item = items.pop();
    if (item === undefined || items.length === 0) return;
    let at = 0;
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && this.isBefore(items[child + 1] as T, items[child] as T)) child++;
      if (!this.isBefore(items[child] as T, item)) break;
      items[at] = items[child] as T;
      at = child;
    }
    items[at] = item;
  }

  /** Removes all items. @returns them, in no order. */
  clear(): readonly T[] {
    return this.items.splice(0);
  }
}
