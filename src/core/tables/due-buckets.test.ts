import fc from "fast-check";
import { expect, it } from "vitest";
import { type Due, DueBuckets } from "./due-buckets.js";

class Item implements Due {
  bucketPlace = 0;
  constructor(readonly dueAt: number) {}
}

it("returns what is due at the next full second and is not removed, for any changes", () => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), inMs: fc.nat(5_000) }),
    fc.record({ kind: fc.constant("remove" as const), which: fc.nat(9) }),
    fc.record({ kind: fc.constant("advance" as const), byMs: fc.nat(2_000) }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const buckets = new DueBuckets<Item>();
      const items = new Set<Item>();
      let now = 0;
      for (const each of acts) {
        if (each.kind === "add") {
          const item = new Item(now + each.inMs);
          items.add(item);
          buckets.add(item);
        } else if (each.kind === "remove") {
          const item = [...items][each.which];
          if (!item) continue;
          items.delete(item);
          buckets.remove(item);
        } else {
          now += each.byMs;
          for (let item = buckets.firstDue(now); item; item = buckets.firstDue(now)) {
            expect(items.delete(item)).toBe(true);
            buckets.remove(item);
          }
          for (const { dueAt } of items) expect(Math.ceil(dueAt / 1_000) * 1_000).toBeGreaterThanOrEqual(now);
        }
      }
    }),
  );
});

it("keeps no bucket whose second has passed", () => {
  const buckets = new DueBuckets<Item>();
  for (let i = 0; i < 100; i++) {
    const item = new Item(i * 1_000);
    buckets.add(item);
    buckets.remove(item);
  }
  expect(buckets.firstDue(1e6)).toBeUndefined();
  expect(buckets.bucketCount).toBe(0);
});
