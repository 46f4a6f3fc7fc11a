/** Holds a value until it is taken out. */
interface Cell<V> {
  value: V | undefined;
}

/**
 * A map for values that come and go thousands of times a second.
 *
 * A `Map` that is full of deleted entries makes a new table, and the old table goes on referring to its entries and to
 * the new one: once a table has grown old for the garbage collector, it and all that follow keep their values until the
 * next full collection. Here every value lies in a cell that is emptied when the value is taken out, so that old tables
 * keep nothing but empty cells.
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

  /** Takes a value out. @returns undefined if there is none. */
  take(key: string): V | undefined {
    const cell = this.#cells.get(key);
    if (cell === undefined) return undefined;
    this.#cells.delete(key);
    return emptied(cell);
  }

  /** Takes all values out, in the order in which their keys came. */
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
