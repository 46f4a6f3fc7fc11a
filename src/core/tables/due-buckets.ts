/**
 * Items by the second in which they are due. Adding and removing an item takes constant time, and a search for what is due
 * visits nothing else.
 *
 * The natural ways are a queue and a deadline wheel. But the items are kept for different times, so they are not due in the
 * order in which they came; and a wheel of ten seconds visits items that are due in minutes again and again.
 */
import type { Instant } from "../vocabulary/model.js";
import { Heap } from "./heap.js";

const BUCKET_MS = 1_000;

/** What an item keeps for its bucket. */
export interface Due {
  /** When it is due, in milliseconds; never changes. */
  readonly dueAt: Instant;
  /** Index in its bucket; only the buckets write it. */
  bucketPlace: number;
}

/** Items that are due at an instant of their own, and are taken up to a second later. An item is in it at most once. */
export class DueBuckets<T extends Due> {
  private readonly buckets = new Map<number, T[]>();
  /** The seconds of all buckets, also of those that are empty by now. */
  private readonly seconds = new Heap<number>((a, b) => a < b);

  /** Number of buckets. */
  get bucketCount(): number {
    return this.buckets.size;
  }

  add(item: T): void {
    const second = secondOf(item);
    let bucket = this.buckets.get(second);
    if (!bucket) {
      bucket = [];
      this.buckets.set(second, bucket);
      this.seconds.push(second);
    }
    item.bucketPlace = bucket.length;
    bucket.push(item);
  }

  /** Removes an item, which must be in it. */
  remove(item: T): void {
    const bucket = this.buckets.get(secondOf(item));
    const last = bucket?.pop();
    if (!bucket || !last || last === item) return;
    bucket[item.bucketPlace] = last;
    last.bucketPlace = item.bucketPlace;
  }

  /** An item that is due; undefined if there is none. Remove it before the next call. */
  firstDue(now: Instant): T | undefined {
    for (let second = this.seconds.first; second !== undefined; second = this.seconds.first) {
      if (second * BUCKET_MS >= now) return undefined;
      const item = this.buckets.get(second)?.at(-1);
      if (item) return item;
      this.buckets.delete(second);
      this.seconds.pop();
    }
    return undefined;
  }
}

/** The second at whose beginning the item is due. */
function secondOf({ dueAt }: Due): number {
  return Math.ceil(dueAt / BUCKET_MS);
}
