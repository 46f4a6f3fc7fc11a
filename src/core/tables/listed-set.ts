/**
 * A set that is read as a list, in the order of insertion. A list that was read never changes.
 *
 * The natural way is a list that each change replaces. But thousands of gathers may join one request, and each of them would
 * copy those before it. Here a list is made only when it is read after a change, and its reader visits all of it anyway.
 */
export class ListedSet<T> {
  private readonly items: Set<T>;
  private latest: readonly T[] | undefined = undefined;

  constructor(items: Iterable<T>) {
    this.items = new Set(items);
  }

  /** The items. */
  get list(): readonly T[] {
    this.latest ??= [...this.items];
    return this.latest;
  }

  /** Number of items. */
  get size(): number {
    return this.items.size;
  }

  add(item: T): void {
    this.items.add(item);
    this.latest = undefined;
  }

  /** Deletes an item; does nothing if it is not in the set. */
  delete(item: T): void {
    if (this.items.delete(item)) this.latest = undefined;
  }
}
