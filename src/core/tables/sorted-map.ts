/**
 * A map whose values can be read in the order of their keys, from any key on.
 *
 * The natural way is to sort the keys of a `Map` when they are listed. But a list is read in pages, and with 200,000
 * topics each page held the event loop for half a second. This keeps the keys in sorted chunks instead: a change searches
 * for its chunk and moves at most one chunk, and a page costs what it reads. It can go when nothing is listed in order.
 */

/** Maximum number of keys per chunk. */
const MAX_CHUNK_KEYS = 256;
/** Neighbouring chunks with at most this many keys together are merged, so that chunks do not outnumber keys for long. */
const MERGE_AT_KEYS = MAX_CHUNK_KEYS / 2;

/** Values by key. Keys are ordered as JavaScript orders strings, by UTF-16 code units. */
export class SortedMap<V> {
  private readonly byKey = new Map<string, V>();
  /** The keys in order; no chunk is empty. */
  private readonly chunks: string[][] = [];

  /** Number of entries. */
  get size(): number {
    return this.byKey.size;
  }

  /** Number of chunks. */
  get chunkCount(): number {
    return this.chunks.length;
  }

  get(key: string): V | undefined {
    return this.byKey.get(key);
  }

  set(key: string, value: V): void {
    if (!this.byKey.has(key)) this.insert(key);
    this.byKey.set(key, value);
  }

  /** Deletes an entry; does nothing if it does not exist. */
  delete(key: string): void {
    if (!this.byKey.delete(key)) return;
    const at = this.chunkOf(key);
    const chunk = this.chunks[at] as string[];
    chunk.splice(firstNotBelow(chunk, key), 1);
    if (chunk.length === 0) this.chunks.splice(at, 1);
    else this.merge(at);
    if (at > 0) this.merge(at - 1);
  }

  /** All values, in no particular order. Entries that are set during the iteration are visited as well. */
  values(): Iterable<V> {
    return this.byKey.values();
  }

  /** The values of all keys after this one, in order; it need not exist. Read them before the next change. */
  *after(key: string): Generator<V> {
    for (let at = this.chunkOf(key); at < this.chunks.length; at++) {
      const chunk = this.chunks[at] as string[];
      let i = firstNotBelow(chunk, key);
      if (chunk[i] === key) i++;
      for (; i < chunk.length; i++) yield this.byKey.get(chunk[i] as string) as V;
    }
  }

  private insert(key: string): void {
    const at = this.chunkOf(key);
    let chunk = this.chunks[at];
    if (chunk === undefined) {
      this.chunks.push([key]);
      return;
    }
    if (chunk.length === MAX_CHUNK_KEYS) {
      const isNewLast = at === this.chunks.length - 1 && key > (chunk.at(-1) as string);
      // Keys that arrive in order fill their chunks: only a key in the middle of a full chunk splits it.
      const upper = isNewLast ? [] : chunk.splice(MAX_CHUNK_KEYS / 2);
      this.chunks.splice(at + 1, 0, upper);
      if (isNewLast || key > (upper[0] as string)) chunk = upper;
    }
    chunk.splice(firstNotBelow(chunk, key), 0, key);
  }

  /** Merges a chunk with the next one if both are small. */
  private merge(at: number): void {
    const [chunk, next] = [this.chunks[at], this.chunks[at + 1]];
    if (!chunk || !next || chunk.length + next.length > MERGE_AT_KEYS) return;
    chunk.push(...next);
    this.chunks.splice(at + 1, 1);
  }

  /** Index of the chunk that holds a key, or would hold it: the last one that begins at or below the key, or the first. */
  private chunkOf(key: string): number {
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.chunks[middle]?.[0] as string) <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Index of the first key of a sorted chunk that is not below this one. */
function firstNotBelow(chunk: readonly string[], key: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chunk[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
