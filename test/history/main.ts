/**
 * Runs histories, each with its own seed, and checks each against every promise. Exit code 1 if a promise is broken or a
 * run is void.
 *
 *   npm run history                                     three runs of twenty seconds
 *   npm run history -- --seed 7 --runs 1 --seconds 30   reproduces a failed run, or makes a longer one
 *   npm run history -- --restarts --forgets             kills the server; retains only few results
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../support/root.js";
import type { HistoryEvent } from "./history.js";
import { violationsOf } from "./invariants/index.js";
import { makePlan, type PlanWishes } from "./plan.js";
import { describe, figuresOf } from "./report.js";
import { play } from "./run.js";
import { voidness } from "./validity.js";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    runs: { type: "string", default: "3" },
    seconds: { type: "string", default: "20" },
    restarts: { type: "boolean" },
    forgets: { type: "boolean" },
  },
});

const first = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const wishes: PlanWishes = {
  ...(values.restarts && { restarts: true }),
  ...(values.forgets && { forgets: true }),
};
let hasFailed = false;
for (let run = 0; run < Number(values.runs); run++) await playOne(first + run);
process.exitCode = hasFailed ? 1 : 0;

async function playOne(seed: number): Promise<void> {
  console.log(`seed ${seed}`);
  const plan = makePlan(seed, Number(values.seconds) * 1_000, wishes);
  const events = await play(plan);
  console.log(figuresOf(plan, events));
  const violations = violationsOf(events);
  const why = voidness(plan, events);
  if (violations.length > 0) console.log(`\n${describe(violations, events)}\n`);
  if (why.length > 0) console.log(`VOID, so no success: ${why.join("; ")}`);
  if (violations.length + why.length === 0) return;
  hasFailed = true;
  console.log(`seed ${seed}; the whole history is in ${keep(seed, events)}`);
}

/** Writes a history to a file, one event per line. */
function keep(seed: number, events: readonly HistoryEvent[]): string {
  const folder = join(ROOT, "dist-test/histories");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${seed}.jsonl`);
  writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  return file;
}
