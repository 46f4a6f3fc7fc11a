import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChangeLimiter } from "./change-limiter.js";

const STEP = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("note" as const), id: fc.constantFrom("p", "q", "r") }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("tick" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("forget" as const), id: fc.constantFrom("p", "q") }),
  },
);

describe("the changes of an id", () => {
  it("are told at once, then at most once per whole period, and never forgotten while the id is there", () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 60 }), (steps) => {
        const limiter = new ChangeLimiter();
        const toldAt = new Map<string, number>();
        const isUntold = new Map<string, boolean>();
        let ticks = 0;
        const tell = (id: string, at: number) => {
          // An event between two ticks is half a period behind the first one.
          expect(at - (toldAt.get(id) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(1);
          toldAt.set(id, at);
          isUntold.set(id, false);
        };
        const tick = () => {
          ticks++;
          for (const [id] of limiter.tick()) tell(id, ticks);
        };
        for (const step of steps) {
          if (step.kind === "tick") tick();
          else if (step.kind === "forget") {
            limiter.forget(step.id);
            isUntold.set(step.id, false);
          } else if (limiter.note(step.id, ["t"])) tell(step.id, ticks + 0.5);
          else isUntold.set(step.id, true);
        }
        tick();
        tick();

        expect([...isUntold.values()]).not.toContain(true);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it("are told with the topics of all of them, or as MANY", () => {
    const limiter = new ChangeLimiter();
    limiter.note("p", ["a"]);
    limiter.note("p", ["b"]);
    limiter.note("p", ["c", "d"]);
    limiter.note("q", []);
    limiter.note("q", Array(20).fill("t"));
    limiter.note("q", Array(20).fill("t"));
    limiter.tick();

    expect(limiter.tick()).toEqual([
      ["p", ["b", "c", "d"]],
      ["q", "MANY"],
    ]);
  });

  it("wait for a later period if 1,000 other ids changed", () => {
    const limiter = new ChangeLimiter();
    const told = Array.from({ length: 1_500 }, (_, i) => limiter.note(`p${i}`, []));

    expect(told.filter((isTold) => isTold)).toHaveLength(1_000);
    expect(limiter.note("p1400", [])).toBe(false);
    expect(limiter.tick()).toHaveLength(500);
    expect(limiter.tick()).toHaveLength(0);
  });
});
