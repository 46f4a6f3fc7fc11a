/** The table: takes all samples, compares, prints, and writes the files. */
import { writeFileSync } from "node:fs";
import { figureRows, readBenchmarkFile, writeBenchmarkFile } from "./benchmark-file.js";
import { compare } from "./compare.js";
import { describeMachine, readVersions } from "./machine.js";
import type { Options } from "./options.js";
import { OTHERS, OURS } from "./peers.js";
import { describeResults, describeRun, describeSample } from "./report.js";
import { cellsOf, runRounds } from "./rounds.js";

/** Runs the table. Sets the exit code to 1 if a sample failed. */
export async function runTable(options: Options): Promise<void> {
  const { json, samples: samplesFile, rounds, warmupMs, measureMs } = options;
  // Read before the run, so that a file that cannot be kept does not cost the run.
  const { sweep } = json === undefined ? {} : readBenchmarkFile(json);
  const date = new Date().toISOString();
  const cells = cellsOf(options);
  const [machine, versions] = [describeMachine(), readVersions(new Set(cells.map(({ peer }) => peer)))];
  console.log(`${describeRun(options, machine, versions)}\n`);
  const samples = await runRounds(cells, options, (sample) => console.error(describeSample(sample)));
  const results = { cells, samples };
  const comparisons = compare(results, OURS, OTHERS);
  console.log(`\n${describeResults(results, comparisons)}`);

  if (samples.some(({ error }) => error !== undefined)) process.exitCode = 1;
  if (json !== undefined) {
    const run = { rounds, warmupMs, measureMs };
    const goals = comparisons.filter(({ goal }) => goal !== null);
    const table = { date, machine, versions, run, rows: figureRows(results), goals };
    writeBenchmarkFile(json, sweep === undefined ? table : { ...table, sweep });
  }
  if (samplesFile !== undefined) {
    const named = samples.map((sample) => ({ ...sample, work: sample.work.name, peer: sample.peer.name }));
    writeFileSync(samplesFile, `${JSON.stringify(named, null, 2)}\n`);
  }
}
