import fc from "fast-check";
import { expect, it } from "vitest";
import { inOrder } from "./in-order.js";

const ascending = (a: number, b: number) => a - b;

it("inOrder yields items in the order of a sort", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -20, max: 20 })), (items) => {
      expect([...inOrder([...items], ascending)]).toEqual([...items].sort(ascending));
    }),
    { seed: 1 },
  );
});

it("inOrder compares each item of a long list only a few times for one page", () => {
  const items = Array.from({ length: 10_000 }, (_, i) => (i * 7_919) % 10_007);
  let compared = 0;
  const page: number[] = [];
  for (const item of inOrder([...items], (a, b) => ++compared && a - b)) {
    if (page.push(item) === 100) break;
  }

  expect(page).toEqual([...items].sort(ascending).slice(0, 100));
  expect(compared).toBeLessThan(3 * items.length);
});
