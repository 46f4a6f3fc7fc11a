import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SortedMap } from "./sorted-map.js";

/** Few keys, so that a run meets the same key again and again, and many, so that chunks are split and merged. */
const STEPS = fc.array(
  fc.record({
    action: fc.constantFrom("set", "set", "delete"),
    key: fc.oneof(fc.nat(20), fc.nat(5_000)),
    repeat: fc.oneof(fc.constant(1), fc.constant(700)),
  }),
  { maxLength: 30 },
);

describe("a sorted map", () => {
  it("holds what a map holds, and yields its values in the order of a sorted array, from any key on", () => {
    fc.assert(
      fc.property(STEPS, fc.array(fc.nat(5_000), { maxLength: 5 }), (steps, starts) => {
        const map = new SortedMap<string>();
        const model = new Map<string, string>();
        for (const [i, { action, key: first, repeat }] of steps.entries()) {
          for (let key = first; key < first + repeat; key++) {
            if (action === "set") {
              map.set(`k${key}`, `v${key} ${i}`);
              model.set(`k${key}`, `v${key} ${i}`);
            } else {
              map.delete(`k${key}`);
              model.delete(`k${key}`);
            }
          }
        }
        const keys = [...model.keys()].sort();

        expect(map.size).toBe(model.size);
        expect([...map.values()].sort()).toEqual([...model.values()].sort());
        for (const start of ["", "k", "zzz", ...starts.map((key) => `k${key}`), ...keys.slice(-1)]) {
          expect(map.get(start)).toBe(model.get(start));
          expect([...map.after(start)]).toEqual(
            keys.filter((key) => key > start).map((key) => model.get(key)),
          );
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it.each(["ascending", "descending", "mixed"])("keeps its chunks filled if keys arrive %s", (order) => {
    const map = new SortedMap<number>();
    const keys = Array.from(
      { length: 20_000 },
      (_, i) => `k${String(order === "mixed" ? (i * 7_919) % 20_011 : i).padStart(5, "0")}`,
    );
    if (order === "descending") keys.reverse();
    for (const key of keys) map.set(key, 0);

    expect(map.chunkCount).toBeLessThan((3 * keys.length) / 256);
  });

  it("merges chunks when most keys are deleted, in any order", () => {
    const map = new SortedMap<number>();
    for (let i = 0; i < 20_000; i++) map.set(`k${i}`, i);
    for (let i = 0; i < 20_000; i++) if (i % 256 !== 0) map.delete(`k${i}`);

    expect(map.size).toBe(79);
    expect(map.chunkCount).toBeLessThanOrEqual(4);
    for (let i = 0; i < 20_000; i++) map.delete(`k${i}`);
    expect(map.chunkCount).toBe(0);
  });
});
