import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collectGarbage } from "../../../test/support/collect-garbage.js";
import { IdTable } from "./id-table.js";

const id = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("set" as const), id }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("delete" as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const), id }) },
);

describe("an IdTable", () => {
  it("behaves like a Map, with ids in ascending order", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new IdTable<string>();
        const map = new Map<number, string>();
        for (const [index, { kind, id: at }] of steps.entries()) {
          if (kind === "set") {
            table.set(at, `${at} in step ${index}`);
            map.set(at, `${at} in step ${index}`);
          } else if (kind === "delete") {
            table.delete(at);
            map.delete(at);
          } else {
            table.clear();
            map.clear();
          }
          expect(table.size).toBe(map.size);
          expect(table.get(at)).toBe(map.get(at));
        }
        expect([...table.sortedIds()]).toEqual([...map.keys()].sort((a, b) => a - b));
      }),
    );
  });

  it("finds every entry while ids are added and deleted in ascending order", () => {
    const table = new IdTable<number>();
    for (let next = 1; next <= 5_000; next++) {
      table.set(4 * next, next);
      if (next > 300) table.delete(4 * (next - 300));
      if (next % 500 === 0) for (let i = next - 299; i <= next; i++) expect(table.get(4 * i)).toBe(i);
    }
    expect(table.size).toBe(300);
  });

  it("releases the memory of a peak", () => {
    const table = new IdTable<number>();
    for (let i = 1; i <= 10_000; i++) table.set(i, i);
    for (let i = 1; i <= 9_990; i++) table.delete(i);
    expect(table.slotCount).toBeLessThanOrEqual(1_024);
    expect([...table.sortedIds()]).toEqual([
      9_991, 9_992, 9_993, 9_994, 9_995, 9_996, 9_997, 9_998, 9_999, 10_000,
    ]);
  });

  it("does not find ids that were never set", () => {
    const table = new IdTable<string>();
    table.set(7, "seven");
    for (const other of [0, Number.NaN, 8, 2 ** 40 + 7]) expect(table.get(other)).toBeUndefined();
  });

  it("releases deleted values", async () => {
    const table = new IdTable<object>();
    const put = (id: number): WeakRef<object> => {
      const value = {};
      table.set(id, value);
      return new WeakRef(value);
    };
    const [deleted, held] = [put(1), put(2)];
    table.delete(1);
    await nextTurn();
    collectGarbage();

    expect(deleted.deref()).toBeUndefined();
    expect(held.deref()).toBe(table.get(2));
  });
});
