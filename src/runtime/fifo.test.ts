import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { collectGarbage } from "../../test/support/collect-garbage.js";
import { Fifo } from "./fifo.js";

describe("a queue", () => {
  it("keeps the order while items come and go", () => {
    const fifo = new Fifo<number>();
    const taken: (number | undefined)[] = [];
    for (let i = 0; i < 1_000; i++) {
      fifo.add(i);
      if (i % 3 !== 0) taken.push(fifo.take());
    }
    expect(fifo.length).toBe(1_000 - taken.length);
    expect(fifo.first).toBe(taken.length);
    while (fifo.length > 0) taken.push(fifo.take());
    expect(taken).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
    expect(fifo.take()).toBeUndefined();
  });

  it("takes an item that was added as the first one before all others", () => {
    const fifo = new Fifo<string>();
    for (const item of ["b", "c"]) fifo.add(item);
    fifo.addFirst("a");
    expect(fifo.take()).toBe("a");
    fifo.addFirst("a again");
    expect([fifo.take(), fifo.take(), fifo.take()]).toEqual(["a again", "b", "c"]);
  });

  it("releases an item when it is taken, and all when it is cleared", async () => {
    const fifo = new Fifo<object>();
    const add = (): WeakRef<object> => {
      const item = {};
      fifo.add(item);
      return new WeakRef(item);
    };
    const [taken, cleared, last] = [add(), add(), add()];
    fifo.take();
    await nextTurn();
    collectGarbage();
    expect(taken.deref()).toBeUndefined();
    expect(fifo.length).toBe(2);
    fifo.clear();
    await nextTurn();
    collectGarbage();
    expect([cleared.deref(), last.deref()]).toEqual([undefined, undefined]);
  });
});
