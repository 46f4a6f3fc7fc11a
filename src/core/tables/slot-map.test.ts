import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collectGarbage } from "../../../test/support/collect-garbage.js";
import { SlotMap } from "./slot-map.js";

const step = fc.record({
  kind: fc.constantFrom("set", "delete"),
  key: fc.constantFrom("a", "b", "c", "d", "e"),
});

describe("a SlotMap", () => {
  it("behaves like a Map, with values in insertion order of the keys", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const slots = new SlotMap<string, number>();
        const map = new Map<string, number>();
        for (const [index, { kind, key }] of steps.entries()) {
          if (kind === "set") {
            slots.set(key, index);
            map.set(key, index);
          } else {
            slots.delete(key);
            map.delete(key);
          }
          expect(slots.size).toBe(map.size);
          expect(slots.get(key)).toBe(map.get(key));
          expect([...slots.values()]).toEqual([...map.values()]);
        }
      }),
    );
  });

  it("reuses the slots of deleted entries, and releases the memory of a peak", () => {
    const slots = new SlotMap<number, string>();
    for (let i = 0; i < 5_000; i++) {
      slots.set(i, "early");
      if (i >= 10) slots.delete(i - 10);
    }
    expect(slots.slotCount).toBe(11);

    for (let i = 0; i < 5_000; i++) slots.set(i, "later");
    for (let i = 0; i < 5_000; i++) slots.delete(i);
    expect(slots.size).toBe(0);
    expect(slots.slotCount).toBe(0);
  });

  it("releases deleted values", async () => {
    const slots = new SlotMap<number, object>();
    const put = (id: number): WeakRef<object> => {
      const value = {};
      slots.set(id, value);
      return new WeakRef(value);
    };
    const [deleted, held] = [put(1), put(2)];
    slots.delete(1);
    await nextTurn();
    collectGarbage();

    expect(deleted.deref()).toBeUndefined();
    expect(held.deref()).toBe(slots.get(2));
  });
});
