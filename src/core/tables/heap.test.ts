import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Heap } from "./heap.js";

describe("a heap", () => {
  it("has the item first that a sorted list has first, after any sequence of operations", () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.nat(50) },
      { weight: 2, arbitrary: fc.constant("pop" as const) },
      { weight: 1, arbitrary: fc.constantFrom("pop" as const, "clear" as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = new Heap<number>((a, b) => a < b);
        let list: number[] = [];
        for (const what of steps) {
          if (what === "pop") {
            heap.pop();
            list.shift();
          } else if (what === "clear") {
            expect([...heap.clear()].sort((a, b) => a - b)).toEqual(list);
            list = [];
          } else {
            heap.push(what);
            list = [...list, what].sort((a, b) => a - b);
          }
          expect(heap.first).toBe(list[0]);
        }
      }),
    );
  });
});
