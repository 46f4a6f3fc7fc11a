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
  it("is a map, with its values in the order in which the keys came", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const slots = new SlotMap<string, number>();
        const map = new Map<string, number>();
        for (const [turn, { kind, key }] of steps.entries()) {
          if (kind === "set") {
            slots.set(key, turn);
            map.set(key, turn);
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

  it("takes the places of what is gone again, and gives back what a peak took", () => {
    const slots = new SlotMap<number, string>();
    for (let i = 0; i < 5_000; i++) {
      slots.set(i, "here");
      if (i >= 10) slots.delete(i - 10);
    }
    expect(slots.placeCount).toBe(11);

    for (let i = 0; i < 5_000; i++) slots.set(i, "again");
    for (let i = 0; i < 5_000; i++) slots.delete(i);
    expect(slots.size).toBe(0);
    expect(slots.placeCount).toBe(0);
  });

  it("lets go of what is deleted", async () => {
    const held = new SlotMap<number, object>();
    const put = (id: number): WeakRef<object> => {
      const value = {};
      held.set(id, value);
      return new WeakRef(value);
    };
    const [gone, here] = [put(1), put(2)];
    held.delete(1);
    await nextTurn();
    collectGarbage();

    expect(gone.deref()).toBeUndefined();
    expect(here.deref()).toBe(held.get(2));
  });
});
