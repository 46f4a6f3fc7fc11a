/**
 * Yields items in sorted order, lazily: a page of a long list costs linear time, not a sort of the whole list.
 *
 * @param items - consumed by the iteration.
 * @param compare - negative if the first argument comes first.
 */
export function* inOrder<T>(items: T[], compare: (a: T, b: T) => number): Generator<T> {
  for (let i = (items.length >> 1) - 1; i >= 0; i--) siftDown(items, i, compare);
  for (let last = items.pop(); last !== undefined; last = items.pop()) {
    const first = items[0];
    if (first === undefined) {
      yield last;
      return;
    }
    items[0] = last;
    siftDown(items, 0, compare);
    yield first;
  }
}

/** Moves an item down the heap until both of its children come after it. */
function siftDown<T>(heap: T[], from: number, compare: (a: T, b: T) => number): void {
  const item = heap[from] as T;
  let at = from;
  for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && compare(heap[child + 1] as T, heap[child] as T) < 0) child++;
    if (compare(heap[child] as T, item) >= 0) break;
    heap[at] = heap[child] as T;
    at = child;
  }
  heap[at] = item;
}
