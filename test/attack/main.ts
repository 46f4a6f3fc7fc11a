/**
 * Attacks the dispatcher and measures what its honest neighbours notice. One line per attack; exit code 1 if a bound is
 * broken. See README.md for the columns.
 *
 *   npm run attack                                   every attack, each on a server of its own
 *   npm run attack -- --only deep-patterns --heap 256
 *   npm run attack -- --short                        thirty seconds of quick ones
 */
import { parseArgs } from "node:util";
import type { Attack } from "./attack.js";
import { ATTACKS, attackNamed } from "./attacks/index.js";
import { runAttack } from "./run.js";
import { heading, lineOf } from "./table.js";
import { verdictOf } from "./verdict.js";

/** Time limits of an attack. */
const SECONDS = 15;
const SHORT_SECONDS = 4;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    list: { type: "boolean", default: false },
    short: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    seconds: { type: "string" },
    heap: { type: "string" },
    budget: { type: "string" },
    cap: { type: "string", default: "1536" },
    held: { type: "string", default: "20" },
    floor: { type: "string", default: "5" },
  },
});

if (values.list) for (const { name, sends } of ATTACKS) console.log(`${name.padEnd(34)}${sends}`);
else process.exitCode = (await runAll(chosen())) ? 0 : 1;
process.exit();

function chosen(): readonly Attack[] {
  if (values.only) return values.only.map(attackNamed);
  return values.short ? ATTACKS.filter(({ isQuick }) => isQuick) : ATTACKS;
}

/** @returns whether every bound held. */
async function runAll(attacks: readonly Attack[]): Promise<boolean> {
  const bounds = {
    budgetMb: values.budget === undefined ? undefined : Number(values.budget),
    maxHeldMs: Number(values.held),
    p99FloorMs: Number(values.floor),
  };
  const options = {
    heapMb: values.heap === undefined ? undefined : Number(values.heap),
    capMb: Number(values.cap),
    seconds: Number(values.seconds ?? (values.short ? SHORT_SECONDS : SECONDS)),
    p99FloorMs: bounds.p99FloorMs,
    isShort: values.short,
  };
  if (!values.json) console.log(heading());
  let failed = 0;
  for (const attack of attacks) {
    const measurement = await runAttack(attack, options);
    const broken = verdictOf(measurement, bounds);
    if (broken.length > 0) failed++;
    console.log(values.json ? JSON.stringify({ ...measurement, broken }) : lineOf(measurement, broken));
  }
  if (!values.json) console.log(`${attacks.length - failed} of ${attacks.length} attacks were withstood`);
  return failed === 0;
}
