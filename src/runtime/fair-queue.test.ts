import { describe, expect, it } from "vitest";
import { FairQueue } from "./fair-queue.js";

function takeAll<T>(queue: FairQueue<T>): (T | undefined)[] {
  return Array.from({ length: queue.length }, () => queue.take());
}

describe("a fair queue", () => {
  it("lets peers take turns, each in its own order", () => {
    const queue = new FairQueue<string>();
    for (const item of ["a1", "a2", "a3"]) queue.add("a", item);
    for (const item of ["b1", "b2"]) queue.add("b", item);

    expect(takeAll(queue)).toEqual(["a1", "b1", "a2", "b2", "a3"]);
    expect(queue.take()).toBeUndefined();
  });

  it("makes a peer that comes late wait for one item of each other peer", () => {
    const queue = new FairQueue<string>();
    for (let i = 0; i < 1_000; i++) queue.add("a", `a${i}`);
    queue.take();
    queue.add("b", "b0");

    expect([queue.take(), queue.take()]).toContain("b0");
  });

  it("forgets a peer without items", () => {
    const queue = new FairQueue<number>();
    queue.add("a", 1);
    expect(queue.has("a")).toBe(true);
    queue.take();

    expect(queue.has("a")).toBe(false);
    expect(queue.length).toBe(0);
  });

  it("counts the costs of what is queued", () => {
    const queue = new FairQueue<number>();
    queue.add("a", 1, 100);
    queue.add("b", 2, 10);
    queue.take();

    expect(queue.cost).toBe(10);
  });

  it("takes from a peer whose items cost much, never from one whose items cost little", () => {
    const queue = new FairQueue<string>();
    queue.add("small", "s", 1);
    for (let i = 0; i < 3; i++) queue.add("large", `l${i}`, 100);

    const taken = [queue.takeFromHeavy(), queue.takeFromHeavy(), queue.takeFromHeavy()];

    expect(taken).toEqual(["l0", "l1", "l2"]);
    expect(queue.take()).toBe("s");
    expect(queue.takeFromHeavy()).toBeUndefined();
  });
});
