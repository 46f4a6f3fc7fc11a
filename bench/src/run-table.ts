/** The table: takes all samples, compares, prints, and writes the JSON file. */
import { writeFileSync } from "node:fs";
import { compare } from "./compare.js";
import { describeMachine, readVersions } from "./machine.js";
import type { Options } from "./options.js";
import { OTHERS, OURS } from "./peers.js";
import { describeResults, describeRun, describeSample } from "./report.js";
import { cellsOf, runRounds } from "./rounds.js";

/** Runs it. Sets the exit code to 1 if a sample failed. */
export async function runTable(options: Options): Promise<void> {
  const date = new Date().toISOString();
  const cells = cellsOf(options);
  const [machine, versions] = [describeMachine(), readVersions(new Set(cells.map(({ peer }) => peer)))];
  console.log(`${describeRun(options, machine, versions)}\n`);
  const samples = await runRounds(cells, options, (sample) => console.error(describeSample(sample)));
  const rows = compare({ cells, samples }, OURS, OTHERS);
  console.log(`\n${describeResults({ cells, samples }, rows)}`);

  if (samples.some(({ error }) => error !== undefined)) process.exitCode = 1;
  if (options.json === undefined) return;
  const { rounds, warmupMs, measureMs } = options;
  const report = {
    date,
    machine,
    versions,
    run: { rounds, warmupMs, measureMs },
    rows,
    samples: samples.map((sample) => ({ ...sample, work: sample.work.name, peer: sample.peer.name })),
  };
  writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
}
