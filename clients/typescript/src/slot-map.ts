/**
 * A map for what comes and goes thousands of times a second.
 *
 * A `Map` that is full of deleted entries makes itself a new table, and the
 * old one goes on referring to what it held and to the new one: once a table
 * has grown old for the garbage collector, it and all that follow keep what
 * they held until the next full collection. Here the table holds numbers, and
 * what they stand for lies in an array, in which what is deleted is overwritten.
 */
export class SlotMap<V> {
  readonly #slots = new Map<string, number>();
  readonly #kept: (V | undefined)[] = [];
  readonly #free: number[] = [];

  get(key: string): V | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined ? undefined : this.#kept[slot];
  }

  set(key: string, value: V): void {
    const slot = this.#slots.get(key) ?? this.#free.pop() ?? this.#kept.length;
    this.#slots.set(key, slot);
    this.#kept[slot] = value;
  }

  /** Takes one out. @returns what it was, or undefined if it was not there. */
  take(key: string): V | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    const value = this.#kept[slot];
    this.#slots.delete(key);
    this.#kept[slot] = undefined;
    this.#free.push(slot);
    return value;
  }

  /** Takes all out, in the order in which their keys came. */
  takeAll(): readonly V[] {
    const all: V[] = [];
    for (const slot of this.#slots.values()) {
      const value = this.#kept[slot];
      if (value !== undefined) all.push(value);
    }
    this.#slots.clear();
    this.#kept.length = 0;
    this.#free.length = 0;
    return all;
  }
}
