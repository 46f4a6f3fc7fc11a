/**
 * A map from positive whole numbers to values, for hundreds of thousands of insertions and deletions a second.
 *
 * The natural way is a `Map`. But a `Map` that is filled and emptied with every batch is rehashed several times each
 * way, and the values of replaced tables outlive their deletion; `slot-map.ts` says why, and what it costs. Instead,
 * this hash table with open addressing overwrites two arrays in place. It can go when V8 clears a table that it has
 * replaced.
 */

/** Minimum number of slots; a power of two, like every size of the table. */
const MIN_SLOTS = 16;
/** Maximum number of slots that the table keeps when few are used. */
const MAX_SPARE_SLOTS = 1_024;
/** Marks an empty slot: ids begin at 1. */
const NONE = 0;
/** Hash multiplier (2^32 divided by the golden ratio): spreads consecutive ids, and ids at a fixed distance. */
const HASH_MULTIPLIER = 0x9e37_79b1;

/** Values by id; ids are whole numbers above 0. */
export class IdTable<V> {
  private ids = new Float64Array(MIN_SLOTS);
  private stored: (V | undefined)[] = emptySlots(MIN_SLOTS);
  private count = 0;

  /** Number of entries. */
  get size(): number {
    return this.count;
  }

  /** Number of slots; at most half of them are used. */
  get slotCount(): number {
    return this.ids.length;
  }

  get(id: number): V | undefined {
    const slot = this.find(id);
    return this.ids[slot] === id ? this.stored[slot] : undefined;
  }

  set(id: number, value: V): void {
    if (2 * this.count >= this.ids.length) this.resize(2 * this.ids.length);
    const slot = this.find(id);
    if (this.ids[slot] !== id) this.count++;
    this.ids[slot] = id;
    this.stored[slot] = value;
  }

  /** Deletes an entry; does nothing if it does not exist. */
  delete(id: number): void {
    let emptied = this.find(id);
    if (this.ids[emptied] !== id) return;
    this.count--;
    const { ids, stored } = this;
    const mask = ids.length - 1;
    // Entries that the deleted one displaced move back, so that no search for them meets an empty slot.
    for (let at = (emptied + 1) & mask; ids[at] !== NONE; at = (at + 1) & mask) {
      const distance = (at - this.home(ids[at] ?? NONE)) & mask;
      if (distance < ((at - emptied) & mask)) continue;
      ids[emptied] = ids[at] ?? NONE;
      stored[emptied] = stored[at];
      emptied = at;
    }
    ids[emptied] = NONE;
    stored[emptied] = undefined;
    if (ids.length > MAX_SPARE_SLOTS && 8 * this.count < ids.length) this.resize(ids.length / 2);
  }

  clear(): void {
    this.count = 0;
    this.resize(MIN_SLOTS);
  }

  /** All ids, ascending. */
  sortedIds(): Float64Array {
    return this.ids.filter((id) => id !== NONE).sort();
  }

  /** The slot of an id, or the empty slot where it would be stored. */
  private find(id: number): number {
    const { ids } = this;
    const mask = ids.length - 1;
    let slot = this.home(id);
    while (ids[slot] !== NONE && ids[slot] !== id) slot = (slot + 1) & mask;
    return slot;
  }

  /** The slot at which the search for an id begins. */
  private home(id: number): number {
    return (Math.imul(id, HASH_MULTIPLIER) >>> 8) & (this.ids.length - 1);
  }

  private resize(slotCount: number): void {
    const { ids, stored, count } = this;
    this.ids = new Float64Array(slotCount);
    this.stored = emptySlots(slotCount);
    if (count === 0) return;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] ?? NONE;
      if (id === NONE) continue;
      const slot = this.find(id);
      this.ids[slot] = id;
      this.stored[slot] = stored[i];
    }
  }
}

function emptySlots<V>(slotCount: number): (V | undefined)[] {
  return new Array<V | undefined>(slotCount).fill(undefined);
}
