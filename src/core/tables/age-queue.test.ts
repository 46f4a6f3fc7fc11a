import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AgeQueue } from "./age-queue.js";

class Item {
  isGone = false;

  constructor(readonly id: number) {}
}

describe("a queue by age", () => {
  it("has the oldest item that is not gone, for any order in which items go", () => {
    const operation = fc.oneof(fc.constant("push" as const), fc.constant("oldest" as const), fc.nat(50));
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300, size: "max" }), (operations) => {
        const queue = new AgeQueue<Item>();
        const model: Item[] = [];
        const go = (at: number): void => {
          const [item] = model.splice(at, 1);
          if (!item) return;
          item.isGone = true;
          queue.noteGone();
        };
        for (const [id, each] of operations.entries()) {
          if (each === "push") {
            const item = new Item(id);
            queue.push(item);
            model.push(item);
          } else if (each === "oldest") go(0);
          else go(each);
          expect(queue.size).toBe(model.length);
          expect(queue.oldest()).toBe(model[0]);
        }
      }),
    );
  });

  it("keeps no items that are gone behind one that stays", () => {
    const queue = new AgeQueue<Item>();
    const first = new Item(0);
    queue.push(first);
    for (let i = 1; i <= 10_000; i++) {
      const item = new Item(i);
      queue.push(item);
      item.isGone = true;
      queue.noteGone();
    }

    expect(queue.oldest()).toBe(first);
    expect(queue.size).toBe(1);
    expect((queue as unknown as { items: unknown[] }).items.length).toBeLessThan(200);
  });
});
