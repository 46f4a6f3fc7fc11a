/**
 * `ate-dispatcher cancel`: cancels a request.
 */
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { EXIT } from "./exit.js";
import { summaryEvent, summaryLines } from "./render.js";
import { orStopped } from "./time.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher request topic1 --ttl 1h --id nightly-report
  $ ate-dispatcher cancel nightly-report

The assignments of producers that still work on it are revoked. For a request that has ended already, its summary is
printed again.`;

/** Adds the command. */
export function addCancel(program: Command, cli: Cli): void {
  const command = program
    .command("cancel")
    .summary("cancel a request")
    .description("Cancels a request and prints its summary, with the outcome of each producer.")
    .argument("<request-id>", "the id that the acceptance shows");
  addConnectOptions(command, cli)
    .addHelpText("after", EXAMPLES)
    .action(async (requestId: string, flags: ConnectOptions) => {
      const output = cli.output(flags.json === true);
      const summary = await withClient(flags, cli, (client) =>
        orStopped(client.cancelRequest(requestId), cli.stop),
      );
      await output.result(summaryEvent(summary), () => summaryLines(summary, output.paint));
      cli.exitWith(EXIT.ok);
    });
}
