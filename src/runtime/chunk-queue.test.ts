import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChunkQueue, type QueuedChunk } from "./chunk-queue.js";

/** A chunk that counts how often it is looked at. */
class CountedChunk implements QueuedChunk {
  isOpen = false;
  lookedAtCount = 0;

  constructor(private readonly canDrop: boolean) {}

  get isDroppable(): boolean {
    this.lookedAtCount++;
    return this.canDrop;
  }
}

/** The same queue without any idea. */
class SlowQueue {
  readonly chunks: CountedChunk[] = [];

  dropOldest(keepsNewest = true): CountedChunk | undefined {
    const found = (keepsNewest ? this.chunks.slice(0, -1) : this.chunks).findIndex(
      (chunk) => !chunk.isOpen && chunk.isDroppable,
    );
    return found < 0 ? undefined : this.chunks.splice(found, 1)[0];
  }
}

describe("the queue of a stream", () => {
  it("holds the same chunks as a simple queue, for any sequence of changes", () => {
    const change = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom("push", "pushKept", "pushOpen") },
      { weight: 3, arbitrary: fc.constantFrom("shift", "drop", "drop", "dropAny", "seal") },
      { weight: 1, arbitrary: fc.constantFrom("dropMany", "clear") },
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 300, size: "max" }), (changes) => {
        const [queue, slow] = [new ChunkQueue<CountedChunk>(), new SlowQueue()];
        const same = (a: unknown, b: unknown) => expect(a === b).toBe(true);
        for (const what of changes) {
          if (what.startsWith("push")) {
            const chunk = new CountedChunk(what !== "pushKept");
            chunk.isOpen = what === "pushOpen";
            queue.push(chunk);
            slow.chunks.push(chunk);
          } else if (what === "shift") {
            queue.shift();
            slow.chunks.shift();
          } else if (what === "drop") same(queue.dropOldest(), slow.dropOldest());
          else if (what === "dropAny") same(queue.dropOldest(false), slow.dropOldest(false));
          else if (what === "seal") for (const chunk of slow.chunks) chunk.isOpen = false;
          else if (what === "clear") {
            queue.clear();
            slow.chunks.length = 0;
          } else for (let i = 0; i < 40; i++) same(queue.dropOldest(), slow.dropOldest());
          expect(queue.length).toBe(slow.chunks.length);
          same(queue.first, slow.chunks[0]);
          same(queue.last, slow.chunks.at(-1));
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each([0, 1, 1_000])("drops 10,000 chunks behind %i that stay, and looks at each once", (keptCount) => {
    const queue = new ChunkQueue<CountedChunk>();
    const chunks = Array.from({ length: keptCount + 10_001 }, (_, i) => new CountedChunk(i >= keptCount));
    for (const chunk of chunks) queue.push(chunk);
    for (let i = 0; i < 10_000; i++) expect(queue.dropOldest() === chunks[keptCount + i]).toBe(true);

    expect(queue.dropOldest()).toBeUndefined();
    expect(queue.length).toBe(keptCount + 1);
    expect(Math.max(...chunks.map(({ lookedAtCount }) => lookedAtCount))).toBe(1);
  });

  it("does not grow while a chunk that stays is in front of chunks that are dropped", () => {
    const queue = new ChunkQueue<CountedChunk>();
    queue.push(new CountedChunk(false));
    for (let i = 0; i < 10_000; i++) {
      queue.push(new CountedChunk(true));
      queue.dropOldest();
    }
    expect(JSON.stringify(queue).length).toBeLessThan(5_000);
  });
});
