/**
 * `ate-dispatcher cancel`: ends a request before its time.
 */
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { EXIT } from "./exit.js";
import { summaryEvent, summaryLines } from "./render.js";
import { orStop } from "./time.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher request topic1 --ttl 1h --id nightly-report
  $ ate-dispatcher cancel nightly-report

Producers that still work on it are told at once. A request that has ended already is summed up as it ended.`;

/** Adds the command. */
export function addCancel(program: Command, cli: Cli): void {
  const command = program
    .command("cancel")
    .summary("end a request before its time")
    .description("Ends a request before its time and says what had become of each producer.")
    .argument("<request-id>", "as the acceptance named it");
  addConnectOptions(command, cli)
    .addHelpText("after", EXAMPLES)
    .action(async (requestId: string, flags: ConnectOptions) => {
      const output = cli.output(flags.json === true);
      const summary = await withClient(flags, cli, (client) =>
        orStop(client.cancelRequest(requestId), cli.stop),
      );
      await output.result(summaryEvent(summary), () => summaryLines(summary, output.paint));
      cli.exitWith(EXIT.ok);
    });
}
