import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SerialOrder } from "./serial-order.js";

interface Item {
  place: number;
  readonly serial: number;
  readonly name: string;
}

const STEPS = fc.array(
  fc.record({
    action: fc.constantFrom("add", "add", "remove", "replace"),
    which: fc.nat(10_000),
    repeat: fc.constantFrom(1, 1, 900),
  }),
  { maxLength: 25 },
);

describe("a serial order", () => {
  it("yields its items like a sorted array, newest first, from any serial number on", () => {
    fc.assert(
      fc.property(STEPS, fc.array(fc.nat(3_000), { maxLength: 5 }), (steps, starts) => {
        const order = new SerialOrder<Item>();
        const model: Item[] = [];
        let serial = 0;
        for (const { action, which, repeat } of steps) {
          for (let i = 0; i < repeat; i++) {
            if (action === "add") {
              serial += 1 + (which % 3);
              const item = { place: 0, serial, name: "added" };
              order.add(serial, item);
              model.push(item);
            } else if (model.length > 0) {
              const at = which % model.length;
              const item = model[at] as Item;
              if (action === "remove") {
                order.remove(item);
                model.splice(at, 1);
              } else {
                const other = { place: 0, serial: item.serial, name: "replaced" };
                order.replace(item, other);
                model[at] = other;
              }
            }
          }
        }

        expect(order.size).toBe(model.length);
        for (const start of [
          0,
          Number.POSITIVE_INFINITY,
          ...starts,
          ...model.slice(-1).map((item) => item.serial),
        ]) {
          const expected = model.filter((item) => item.serial < start).reverse();
          expect([...order.before(start)]).toEqual(expected);
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it("has about as many places as items, however many came and went", () => {
    const order = new SerialOrder<Item>();
    const kept: Item[] = [];
    for (let serial = 0; serial < 100_000; serial++) {
      const item = { place: 0, serial, name: "" };
      order.add(serial, item);
      if (serial % 20 === 0) kept.push(item);
      else order.remove(item);
    }

    expect(order.size).toBe(kept.length);
    expect(order.placeCount).toBeLessThan(2 * kept.length + 1_100);
    for (const item of kept) order.remove(item);
    order.add(100_000, { place: 0, serial: 100_000, name: "" });
    expect(order.placeCount).toBe(1);
  });
});
