/** The entry point of the benchmark: `npm run bench -- --help`. */
import { runCompare } from "./compare-commits.js";
import { type Command, readCommand, USAGE } from "./options.js";
import { runPlot } from "./plot.js";
import { runProfile } from "./profile.js";
import { runTable } from "./run-table.js";
import { runSweep } from "./sweep.js";

async function run(command: Command): Promise<void> {
  switch (command.kind) {
    case "help":
      console.log(USAGE);
      return;
    case "run":
      return await runTable(command.options);
    case "sweep":
      return await runSweep(command.options);
    case "profile":
      return await runProfile(command.options);
    case "compare":
      return runCompare(command.before, command.after, command.options);
    case "plot":
      return runPlot(command.json, command.svg);
  }
}

/** The command, or undefined after a usage error, which sets the exit code to 2. */
function commandFromArguments(): Command | undefined {
  try {
    return readCommand(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

const command = commandFromArguments();
if (command !== undefined) await run(command);
