import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { collectGarbage } from "../../test/support/collect-garbage.js";
import { Intake } from "./intake.js";

function setUp() {
  let now = 0;
  const taken: [name: string, waitedMs: number][] = [];
  const intake = new Intake({ now: () => now, timeOfDay: (at) => at });
  return {
    intake,
    taken,
    names: () => taken.map(([name]) => name),
    /** Time goes by; nothing else happens. */
    work: (ms: number) => {
      now += ms;
    },
    /** A message comes that costs so much to take up. */
    bring: (name: string, costMs = 0, byteLength = 0) =>
      intake.enter(byteLength, (waitedMs) => {
        taken.push([name, waitedMs]);
        now += costMs;
      }),
  };
}

describe("the intake", () => {
  it("takes requests up at once while the turn is young", () => {
    const { bring, taken } = setUp();
    bring("a", 4);
    bring("b", 4);
    expect(taken).toEqual([
      ["a", 0],
      ["b", 0],
    ]);
  });

  it("lets them wait for the end of a turn that has had its time, and tells how long that was", async () => {
    const { intake, bring, work, taken } = setUp();
    intake.noteWork(0);
    work(5);
    bring("a");
    work(7);
    expect(intake.length).toBe(1);
    await nextTurn();
    expect(taken).toEqual([["a", 7]]);
  });

  it("lets them wait in the turns after a long one, too, since its results may be yet to come", async () => {
    const { intake, bring, work, names } = setUp();
    intake.noteWork(0);
    work(12);
    await nextTurn();
    bring("a");
    expect(names()).toEqual([]);
    await nextTurn();
    bring("b");
    expect(names()).toEqual(["a"]);
    await nextTurn();
    bring("c");
    expect(names()).toEqual(["a", "b", "c"]);
  });

  it("forgets a long turn when as much time was idle", async () => {
    const { intake, bring, work, names } = setUp();
    intake.noteWork(0);
    work(12);
    await nextTurn();
    work(7);
    bring("a");
    expect(names()).toEqual(["a"]);
  });

  it("counts from the first thing that is done in a turn, and anew in the next one", async () => {
    const { intake, bring, work, names } = setUp();
    intake.noteWork(0);
    work(4);
    await nextTurn();
    work(4);
    bring("a");
    expect(names()).toEqual(["a"]);
  });

  it("lets nobody overtake", async () => {
    const { bring, work, names } = setUp();
    bring("a", 5);
    bring("b");
    work(-5);
    bring("c");
    expect(names()).toEqual(["a"]);
    await nextTurn();
    expect(names()).toEqual(["a", "b", "c"]);
  });

  it("gives requests a share of what a long turn took, and in each of the next turns at least one its turn", async () => {
    const { intake, bring, work, names } = setUp();
    intake.noteWork(0);
    work(320);
    for (const name of ["a", "b", "c", "d", "e"]) bring(name, 4);
    await nextTurn();
    expect(names()).toEqual(["a", "b", "c"]);
    await nextTurn();
    expect(names()).toEqual(["a", "b", "c", "d"]);
    await nextTurn();
    expect(names()).toEqual(["a", "b", "c", "d", "e"]);
    expect(intake.length).toBe(0);
  });

  it("keeps no more bytes than it may: what waited longest must not wait any longer", () => {
    const { bring, taken } = setUp();
    bring("a", 20);
    for (let i = 0; i < 64; i++) bring(`megabyte ${i}`, 0, 1024 * 1024);
    expect(taken).toEqual([
      ["a", 0],
      ["megabyte 0", Number.POSITIVE_INFINITY],
    ]);
  });

  it("lets go of a message as soon as it is taken up, however many still wait", async () => {
    const { intake, bring } = setUp();
    bring("busy", 320);
    const message = (): WeakRef<Uint8Array> => {
      const bytes = new Uint8Array(1_000);
      intake.enter(bytes.length, () => void bytes.length);
      return new WeakRef(bytes);
    };
    const first = message();
    const last = message();
    for (let i = 0; i < 3; i++) bring("long", 100);
    await nextTurn();
    await nextTurn();
    collectGarbage();
    expect(intake.length).toBeGreaterThan(0);
    expect([first.deref(), last.deref()]).toEqual([undefined, undefined]);
  });

  it("keeps the order of very many", async () => {
    const { intake, bring, names } = setUp();
    bring("first", 20);
    const many = Array.from({ length: 5_000 }, (_, index) => String(index));
    for (const name of many) bring(name, 0.1);
    while (intake.length > 0) await nextTurn();
    expect(names()).toEqual(["first", ...many]);
  });
});
