import { describe, expect, it } from "vitest";
import type { Effect } from "../vocabulary/effect.js";
import { UnfinishedWork, unitsOf, type Work } from "./unfinished-work.js";

function stepAt(now: number) {
  return { now, effects: [] as Effect[] };
}

/** Work of three parts, which notes the instant of each. */
function* three(notes: string[], name: string, step: { readonly now: number }): Work {
  for (let part = 1; part <= 3; part++) {
    notes.push(`${name}${part} at ${step.now}`);
    yield 1;
  }
}

const TURN = [{ kind: "continue", to: 7 }];

describe("unfinished work", () => {
  it("goes on in later steps, at their instants, and asks for each turn", () => {
    const work = new UnfinishedWork(1);
    const notes: string[] = [];
    const [first, second] = [stepAt(1), stepAt(2)];

    work.begin(7, first, (step) => three(notes, "a", step));
    expect(notes).toEqual(["a1 at 1", "a2 at 1"]);
    expect(first.effects).toEqual(TURN);

    work.continue(7, second);
    expect(notes).toEqual(["a1 at 1", "a2 at 1", "a3 at 2"]);
    expect(second.effects).toEqual([]);
    expect(work.size).toBe(0);
  });

  it("of one session is done in order, and of others in any order", () => {
    const work = new UnfinishedWork(0);
    const notes: string[] = [];
    work.begin(7, stepAt(1), (step) => three(notes, "a", step));
    work.begin(7, stepAt(1), (step) => three(notes, "b", step));
    work.begin(8, stepAt(1), (step) => three(notes, "c", step));

    for (const now of [2, 3, 4, 5, 6]) work.continue(7, stepAt(now));

    expect(notes).toEqual(
      ["a1", "c1", "a2", "a3", "b1", "b2", "b3"].map((what, i) => `${what} at ${Math.max(1, i)}`),
    );
    expect(work.has(7)).toBe(true);
    work.continue(7, stepAt(7));
    expect(work.has(7)).toBe(false);
    expect(work.has(8)).toBe(true);
  });

  it("asks for one turn, whatever is dropped and begun until it comes", () => {
    const work = new UnfinishedWork(0);
    const [notes, step] = [[] as string[], stepAt(1)];
    work.begin(7, step, () => three(notes, "a", step));
    work.drop(7, step);
    work.begin(7, step, () => three(notes, "b", step));
    expect(step.effects).toEqual(TURN);

    work.continue(7, step);
    expect(step.effects).toEqual([...TURN, ...TURN]);
  });

  it("is told when it is dropped, unless it has ended", () => {
    const work = new UnfinishedWork(0);
    const [notes, step] = [[] as string[], stepAt(1)];
    work.begin(
      7,
      step,
      () => three(notes, "a", step),
      ({ now }) => notes.push(`a dropped at ${now}`),
    );
    work.begin(
      7,
      step,
      () => three(notes, "b", step),
      ({ now }) => notes.push(`b dropped at ${now}`),
    );
    for (const now of [2, 3, 4]) work.continue(7, stepAt(now));

    work.drop(7, stepAt(5));
    work.drop(7, stepAt(6));

    expect(notes.filter((note) => note.includes("dropped"))).toEqual(["b dropped at 5"]);
    expect(work.size).toBe(0);
  });

  it("can be finished in one step, after which its turn does nothing", () => {
    const work = new UnfinishedWork(0);
    const notes: string[] = [];
    work.begin(7, stepAt(1), (step) => three(notes, "a", step));

    work.finish(7, stepAt(2));
    work.continue(7, stepAt(3));

    expect(notes).toEqual(["a1 at 1", "a2 at 2", "a3 at 2"]);
  });

  it("is long if it takes more units than a slice: one for a topic, and one for each token of a pattern", () => {
    expect(["a.b.c", "*", "a.*", "a.b.>"].map(unitsOf)).toEqual([1, 1, 2, 3]);
    const work = new UnfinishedWork(4);
    expect(work.isLong(["a", "a.b.>"])).toBe(false);
    expect(work.isLong(["a.*", "a.b.>"])).toBe(true);
  });

  it("that fails is dropped, and later work of the session is done", () => {
    const work = new UnfinishedWork(0);
    const [notes, step] = [[] as string[], stepAt(1)];
    // biome-ignore lint/correctness/useYield: it fails before it could.
    const failing = function* (): Work {
      throw new Error("a bug");
    };

    expect(() => work.begin(7, step, failing)).toThrow("a bug");
    work.begin(7, step, () => three(notes, "a", step));

    expect(notes).toEqual(["a1 at 1"]);
  });

  it("may drop itself and begin other work of the session", () => {
    const work = new UnfinishedWork(0);
    const [notes, step] = [[] as string[], stepAt(1)];
    work.begin(7, step, function* () {
      work.drop(7, step);
      work.begin(7, step, () => three(notes, "b", step));
      yield 1;
      notes.push("dropped");
    });
    while (work.size > 0) work.continue(7, step);

    expect(notes).toEqual(["b1 at 1", "b2 at 1", "b3 at 1"]);
  });
});
