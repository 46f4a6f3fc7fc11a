/**
 * Short randomised histories of many peers, each checked against every invariant. `npm run history` runs longer ones.
 */
import { describe, expect, it } from "vitest";
import { violationsOf } from "../history/invariants/index.js";
import { makePlan } from "../history/plan.js";
import { describe as describeViolations, figuresOf } from "../history/report.js";
import { play } from "../history/run.js";
import { voidness } from "../history/validity.js";

const MS = 5_000;
/** A run takes longer on a busy machine. */
const TIMEOUT_MS = 180_000;
/** On a busy machine a fault may have no effect, which voids the run. Every run must pass, and one must be valid. */
const MAX_RUNS = 3;

/** Continuous integration always runs the same plan; elsewhere the seed is random. */
const isFixed = process.env["CI"] !== undefined;
const seed = isFixed ? 1_505_283_753 : Math.floor(Math.random() * 2 ** 31);

describe("a randomised history keeps every invariant,", () => {
  it.each([
    [`seed ${seed}${isFixed ? "" : ", chosen at random"}`, seed, {}],
    ["seed 1, with a server that is killed", 1, { restarts: true, forgets: false }],
  ])(
    "%s",
    async (_name, seed, wishes) => {
      console.log(`history of seed ${seed}`);
      const plan = makePlan(seed, MS, wishes);
      let why: readonly string[] = [];
      for (let run = 1; run <= MAX_RUNS; run++) {
        const events = await play(plan);

        console.log(figuresOf(plan, events));
        expect(describeViolations(violationsOf(events), events)).toBe("");
        why = voidness(plan, events);
        if (why.length === 0) break;
        console.log(`run ${run} is void: ${why.join("; ")}`);
      }
      expect(why).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
