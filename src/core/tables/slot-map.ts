/**
 * A map for thousands of insertions and deletions a second.
 *
 * The natural way is a `Map`. When a `Map` is full of deleted entries, V8 rehashes it into a new table, and the old
 * table still refers to its values and to the new table. Once one old table is in V8's old generation, which is
 * collected rarely, all later tables and their values stay alive until the next collection there. At 4x4/128, half of
 * all requests outlived their end by seconds, and collecting them took a sixth of the server's time.
 *
 * Instead, the `Map` holds only slot numbers, and the values are in an array, where a deletion overwrites the value.
 * This can go when V8 clears a table that it has replaced.
 */

/** Maximum number of slots that an empty map keeps. */
const MAX_SPARE_SLOTS = 1_024;

/** Values by key, in insertion order of the keys. */
export class SlotMap<K, V> {
  private readonly slots = new Map<K, number>();
  private readonly stored: (V | undefined)[] = [];
  private readonly free: number[] = [];

  /** Number of entries. */
  get size(): number {
    return this.slots.size;
  }

  /** Number of slots, used or free. */
  get slotCount(): number {
    return this.stored.length;
  }

  get(key: K): V | undefined {
    const slot = this.slots.get(key);
    return slot === undefined ? undefined : this.stored[slot];
  }

  set(key: K, value: V): void {
    const slot = this.slots.get(key) ?? this.free.pop() ?? this.stored.length;
    this.slots.set(key, slot);
    this.stored[slot] = value;
  }

  /** Deletes an entry; does nothing if it does not exist. */
  delete(key: K): void {
    const slot = this.slots.get(key);
    if (slot === undefined) return;
    this.slots.delete(key);
    this.stored[slot] = undefined;
    this.free.push(slot);
    if (this.slots.size > 0 || this.stored.length <= MAX_SPARE_SLOTS) return;
    this.stored.length = 0;
    this.free.length = 0;
  }

  /** All values, in insertion order of their keys. No entry may be added during the iteration. */
  *values(): Generator<V> {
    for (const slot of this.slots.values()) yield this.stored[slot] as V;
  }
}
