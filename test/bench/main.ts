/**
 * The benchmark: reads the command line, takes the samples, prints the tables. `npm run bench -- --help`.
 */
import { writeFileSync } from "node:fs";
import { compare } from "./compare.js";
import { describeMachine, readVersions } from "./machine.js";
import { type Options, readOptions, USAGE } from "./options.js";
import { OTHERS, OURS } from "./peers.js";
import { describeResults, describeRun, describeSample } from "./report.js";
import { runRounds } from "./rounds.js";

async function run(options: Options): Promise<void> {
  const date = new Date().toISOString();
  const [machine, versions] = [describeMachine(), readVersions()];
  console.log(`${describeRun(options, machine, versions)}\n`);
  const samples = await runRounds(options, (sample) => console.error(describeSample(sample)));
  const rows = compare(samples, OURS, OTHERS);
  console.log(`\n${describeResults(samples, rows)}`);

  if (samples.some(({ error }) => error !== undefined)) process.exitCode = 1;
  if (options.json === undefined) return;
  const { rounds, warmupMs, measureMs } = options;
  const report = {
    date,
    machine,
    versions,
    run: { rounds, warmupMs, measureMs },
    rows,
    samples: samples.map((sample) => ({ ...sample, shape: sample.shape.name, peer: sample.peer.name })),
  };
  writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
}

/** The options; undefined, with the exit code set, if there is nothing to run. */
function optionsFromArguments(): Options | undefined {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === undefined) console.log(USAGE);
    return options;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

const options = optionsFromArguments();
if (options !== undefined) await run(options);
