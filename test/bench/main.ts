/**
 * The benchmark: reads the command line and does what it says. `npm run bench -- --help`.
 */
import { type Command, readCommand, USAGE } from "./options.js";
import { runTable } from "./run-table.js";

async function run(command: Command): Promise<void> {
  switch (command.kind) {
    case "help":
      console.log(USAGE);
      return;
    case "run":
      return await runTable(command.options);
    case "sweep":
    case "profile":
    case "compare":
    case "plot":
      return;
  }
}

/** The command; undefined, with the exit code set, if there is nothing to run. */
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
