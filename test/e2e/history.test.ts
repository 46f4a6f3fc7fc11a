/**
 * Short histories of everybody doing everything, each held against every promise; `npm run history` plays longer ones.
 */
import { describe, expect, it } from "vitest";
import { violationsOf } from "../history/invariants/index.js";
import { makePlan } from "../history/plan.js";
import { describe as describeViolations, figuresOf } from "../history/report.js";
import { play } from "../history/run.js";
import { voidness } from "../history/validity.js";

const MS = 5_000;
/** A machine that is too busy stretches a run. */
const TIMEOUT_MS = 120_000;

/** Continuous integration judges a change by a plan that stays the same; everybody else draws lots. */
const isFixed = process.env["CI"] !== undefined;
const seed = isFixed ? 1_505_283_753 : Math.floor(Math.random() * 2 ** 31);

describe("a randomised history keeps every promise,", () => {
  it.each([
    [`seed ${seed}${isFixed ? "" : ", drawn by lot"}`, seed, {}],
    ["seed 1, with a server that is killed", 1, { restarts: true, forgets: false }],
  ])(
    "%s",
    async (_name, seed, wishes) => {
      console.log(`history of seed ${seed}`);
      const plan = makePlan(seed, MS, wishes);
      const events = await play(plan);

      console.log(figuresOf(plan, events));
      expect(describeViolations(violationsOf(events), events)).toBe("");
      expect(voidness(plan, events)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
