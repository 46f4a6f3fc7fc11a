/**
 * Values by positive whole numbers, for what comes and goes hundreds of thousands of times a second.
 *
 * Open addressing in two arrays that are written over. A `Map` that is filled and emptied with every batch makes itself a
 * new table several times each way, and what those refer to outlives it: see `slot-map.ts`.
 */

/** Places at the least; a power of two, as every size is. */
const LEAST_PLACES = 16;
/** Places that stay, however few are taken. */
const MOST_SPARE = 1_024;
/** Marks an empty place: ids begin at 1. */
const NONE = 0;
/** Spreads ids that follow each other, or are a fixed distance apart; 2 to the 32nd over the golden ratio. */
const SPREAD = 0x9e37_79b1;

/** Values by id; ids are whole numbers above 0. */
export class IdTable<V> {
  private ids = new Float64Array(LEAST_PLACES);
  private kept: (V | undefined)[] = emptyPlaces(LEAST_PLACES);
  private count = 0;

  /** How many there are. */
  get size(): number {
    return this.count;
  }

  /** How many places it has, of which at most half are taken. */
  get placeCount(): number {
    return this.ids.length;
  }

  get(id: number): V | undefined {
    const place = this.find(id);
    return this.ids[place] === id ? this.kept[place] : undefined;
  }

  set(id: number, value: V): void {
    if (2 * this.count >= this.ids.length) this.resize(2 * this.ids.length);
    const place = this.find(id);
    if (this.ids[place] !== id) this.count++;
    this.ids[place] = id;
    this.kept[place] = value;
  }

  /** Takes one out; what is not there is ignored. */
  delete(id: number): void {
    let hole = this.find(id);
    if (this.ids[hole] !== id) return;
    this.count--;
    const { ids, kept } = this;
    const last = ids.length - 1;
    // Whatever was pushed on by the one that goes moves up, so that looking for it never meets a hole.
    for (let at = (hole + 1) & last; ids[at] !== NONE; at = (at + 1) & last) {
      const distance = (at - this.home(ids[at] ?? NONE)) & last;
      if (distance < ((at - hole) & last)) continue;
      ids[hole] = ids[at] ?? NONE;
      kept[hole] = kept[at];
      hole = at;
    }
    ids[hole] = NONE;
    kept[hole] = undefined;
    if (ids.length > MOST_SPARE && 8 * this.count < ids.length) this.resize(ids.length / 2);
  }

  clear(): void {
    this.count = 0;
    this.resize(LEAST_PLACES);
  }

  /** Everything, by ascending id. */
  values(): readonly V[] {
    const found: { readonly id: number; readonly value: V }[] = [];
    for (const [place, value] of this.kept.entries()) {
      if (value !== undefined) found.push({ id: this.ids[place] ?? NONE, value });
    }
    return found.sort((a, b) => a.id - b.id).map(({ value }) => value);
  }

  /** Where an id is, or where it would be put. */
  private find(id: number): number {
    const { ids } = this;
    const last = ids.length - 1;
    let place = this.home(id);
    while (ids[place] !== NONE && ids[place] !== id) place = (place + 1) & last;
    return place;
  }

  private home(id: number): number {
    return (Math.imul(id, SPREAD) >>> 8) & (this.ids.length - 1);
  }

  private resize(places: number): void {
    const { ids, kept, count } = this;
    this.ids = new Float64Array(places);
    this.kept = emptyPlaces(places);
    if (count === 0) return;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] ?? NONE;
      if (id === NONE) continue;
      const place = this.find(id);
      this.ids[place] = id;
      this.kept[place] = kept[i];
    }
  }
}

function emptyPlaces<V>(places: number): (V | undefined)[] {
  return new Array<V | undefined>(places).fill(undefined);
}
