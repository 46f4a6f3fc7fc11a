/** Holds a value until the value is removed. */
interface Cell<V> {
  value: V | undefined;
}

/**
 * A map for values that are added and removed thousands of times a second. It releases removed values at once.
 *
 * The natural way is a plain `Map`. When its table fills with deleted entries, V8 creates a new table, and the old table
 * still refers to its entries and to the new table. Once the garbage collector has promoted a table to the old
 * generation, that table and all later ones keep their values until the next full collection. Here every value is in a cell that is
 * emptied when the value is removed, so old tables keep only empty cells. This can go when V8 clears the tables that a
 * `Map` has replaced.
 */
export class ReleasingMap<V> {
  readonly #cells = new Map<string, Cell<V>>();

  get(key: string): V | undefined {
    return this.#cells.get(key)?.value;
  }

  set(key: string, value: V): void {
    const cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, { value });
    else cell.value = value;
  }

  /** Removes a value and returns it. @returns undefined if there is none. */
  take(key: string): V | undefined {
    const cell = this.#cells.get(key);
    if (cell === undefined) return undefined;
    this.#cells.delete(key);
    return emptied(cell);
  }

  /** Removes the values that a condition holds for, and returns them. */
  takeIf(condition: (value: V) => boolean): readonly V[] {
    const taken: V[] = [];
    for (const [key, { value }] of this.#cells) {
      if (value !== undefined && condition(value)) {
        this.take(key);
        taken.push(value);
      }
    }
    return taken;
  }

  /** Removes all values and returns them, in the order in which their keys were added. */
  takeAll(): readonly V[] {
    const cells = [...this.#cells.values()];
    this.#cells.clear();
    return cells.map(emptied).filter((value) => value !== undefined);
  }
}

function emptied<V>(cell: Cell<V>): V | undefined {
  const { value } = cell;
  cell.value = undefined;
  return value;
}
