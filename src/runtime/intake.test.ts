import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { collectGarbage } from "../../test/support/collect-garbage.js";
import type { Pressure } from "../core/vocabulary/held-bytes.js";
import { Intake } from "./intake.js";

function setUp() {
  let now = 0;
  const processed: [name: string, waitedMs: number][] = [];
  const intake = new Intake({ now: () => now, timeOfDay: (at) => at });
  /** What waits. */
  const waiting = { bytes: 0 };
  const owner = {
    peer: "",
    charge: (bytes: number) => {
      waiting.bytes += bytes;
    },
    release: (bytes: number) => {
      waiting.bytes -= bytes;
    },
    pressure: "NONE" as Pressure,
  };
  return {
    intake,
    waiting,
    owner,
    processed,
    names: () => processed.map(([name]) => name),
    /** Advances the clock; nothing else happens. */
    work: (ms: number) => {
      now += ms;
    },
    /** Schedules a message that takes `costMs` to process. */
    arrive: (name: string, costMs = 0, byteLength = 0) =>
      intake.schedule(
        byteLength,
        (waitedMs) => {
          processed.push([name, waitedMs]);
          now += costMs;
        },
        owner,
      ),
  };
}

describe("the intake", () => {
  it("processes requests at once at the beginning of a turn", () => {
    const { arrive, processed } = setUp();
    arrive("a", 4);
    arrive("b", 4);
    expect(processed).toEqual([
      ["a", 0],
      ["b", 0],
    ]);
  });

  it("queues requests once the turn has used up its time, and reports how long each was queued", async () => {
    const { intake, arrive, work, processed } = setUp();
    intake.beginTurn(0);
    work(5);
    arrive("a");
    work(7);
    expect(intake.length).toBe(1);
    await nextTurn();
    expect(processed).toEqual([["a", 7]]);
  });

  it("also queues requests in the turns after a long one, because its results may still arrive", async () => {
    const { intake, arrive, work, names } = setUp();
    intake.beginTurn(0);
    work(12);
    await nextTurn();
    arrive("a");
    expect(names()).toEqual([]);
    await nextTurn();
    arrive("b");
    expect(names()).toEqual(["a"]);
    await nextTurn();
    arrive("c");
    expect(names()).toEqual(["a", "b", "c"]);
  });

  it("forgets a long turn after as much idle time", async () => {
    const { intake, arrive, work, names } = setUp();
    intake.beginTurn(0);
    work(12);
    await nextTurn();
    work(7);
    arrive("a");
    expect(names()).toEqual(["a"]);
  });

  it("measures every turn from its first work", async () => {
    const { intake, arrive, work, names } = setUp();
    intake.beginTurn(0);
    work(4);
    await nextTurn();
    work(4);
    arrive("a");
    expect(names()).toEqual(["a"]);
  });

  it("never processes a later request before an earlier one", async () => {
    const { arrive, work, names } = setUp();
    arrive("a", 5);
    arrive("b");
    work(-5);
    arrive("c");
    expect(names()).toEqual(["a"]);
    await nextTurn();
    expect(names()).toEqual(["a", "b", "c"]);
  });

  it("gives requests a share of a long turn, and processes at least one in each of the next turns", async () => {
    const { intake, arrive, work, names } = setUp();
    intake.beginTurn(0);
    work(320);
    for (const name of ["a", "b", "c", "d", "e"]) arrive(name, 4);
    await nextTurn();
    expect(names()).toEqual(["a", "b", "c"]);
    await nextTurn();
    expect(names()).toEqual(["a", "b", "c", "d"]);
    await nextTurn();
    expect(names()).toEqual(["a", "b", "c", "d", "e"]);
    expect(intake.length).toBe(0);
  });

  it("processes the oldest message as waiting forever when the queue exceeds its limit", () => {
    const { arrive, processed } = setUp();
    arrive("a", 20);
    for (let i = 0; i < 64; i++) arrive(`megabyte ${i}`, 0, 1024 * 1024);
    expect(processed).toEqual([
      ["a", 0],
      ["megabyte 0", Number.POSITIVE_INFINITY],
    ]);
  });

  it("releases a message as soon as it is processed, while others are still queued", async () => {
    const { intake, arrive, owner } = setUp();
    arrive("busy", 320);
    const message = (): WeakRef<Uint8Array> => {
      const bytes = new Uint8Array(1_000);
      intake.schedule(bytes.length, () => void bytes.length, owner);
      return new WeakRef(bytes);
    };
    const first = message();
    const last = message();
    for (let i = 0; i < 3; i++) arrive("long", 100);
    await nextTurn();
    await nextTurn();
    collectGarbage();
    expect(intake.length).toBeGreaterThan(0);
    expect([first.deref(), last.deref()]).toEqual([undefined, undefined]);
  });

  it("charges messages to their owner while they wait", async () => {
    const { intake, arrive, waiting } = setUp();
    arrive("first", 20, 1_000);
    expect(waiting.bytes).toBe(0);
    for (let i = 0; i < 10; i++) arrive("later", 1, 1_000);
    expect(waiting.bytes).toBeGreaterThan(10_000);
    while (intake.length > 0) await nextTurn();
    expect(waiting.bytes).toBe(0);
  });

  it("rejects a message of an owner that holds far too much, instead of keeping it", () => {
    const { arrive, owner, waiting, processed } = setUp();
    arrive("first", 20);
    owner.pressure = "HIGH";
    arrive("waits");
    owner.pressure = "EXTREME";
    const { bytes } = waiting;
    arrive("rejected");
    expect(processed).toEqual([
      ["first", 0],
      ["rejected", Number.POSITIVE_INFINITY],
    ]);
    expect(waiting.bytes).toBe(bytes);
  });

  it("keeps the order of 5,000 messages", async () => {
    const { intake, arrive, names } = setUp();
    arrive("first", 20);
    const many = Array.from({ length: 5_000 }, (_, index) => String(index));
    for (const name of many) arrive(name, 0.1);
    while (intake.length > 0) await nextTurn();
    expect(names()).toEqual(["first", ...many]);
  });
});
