/**
 * A map for what comes and goes thousands of times a second.
 *
 * A `Map` that is full of deleted entries makes itself a new table, and the old table goes on referring to what it held
 * and to the new one. Once the garbage collector has moved one table to where it looks rarely, it keeps all that follow,
 * and whatever they held, until it looks there: measured at 4x4/128, half of all requests outlived their end by seconds,
 * and collecting them took a sixth of the server's time. So here the table holds numbers, and what they stand for lies in
 * an array, in which what is deleted is overwritten.
 */
/** Slots that stay when the map is empty. */
const MOST_SPARE = 1_024;

/** Values by key, in the order in which the keys came. */
export class SlotMap<K, V> {
  private readonly slots = new Map<K, number>();
  private readonly kept: (V | undefined)[] = [];
  private readonly free: number[] = [];

  /** How many there are. */
  get size(): number {
    return this.slots.size;
  }

  /** How many places it has, taken or free. */
  get placeCount(): number {
    return this.kept.length;
  }

  get(key: K): V | undefined {
    const slot = this.slots.get(key);
    return slot === undefined ? undefined : this.kept[slot];
  }

  set(key: K, value: V): void {
    const slot = this.slots.get(key) ?? this.free.pop() ?? this.kept.length;
    this.slots.set(key, slot);
    this.kept[slot] = value;
  }

  /** Takes one out; what is not there is ignored. */
  delete(key: K): void {
    const slot = this.slots.get(key);
    if (slot === undefined) return;
    this.slots.delete(key);
    this.kept[slot] = undefined;
    this.free.push(slot);
    if (this.slots.size > 0 || this.kept.length <= MOST_SPARE) return;
    this.kept.length = 0;
    this.free.length = 0;
  }

  /** Everything in the order in which its keys came; none may be added meanwhile. */
  *values(): Generator<V> {
    for (const slot of this.slots.values()) yield this.kept[slot] as V;
  }
}
