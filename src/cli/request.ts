/**
 * `ate-dispatcher request`: sends a request; the results go to the topic's listeners.
 */
import type { Acceptance } from "ate-dispatcher-client";
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { EXIT } from "./exit.js";
import { type Output, sanitize } from "./output.js";
import { acceptanceEvent, acceptanceLines } from "./render.js";
import { addRequestOptions, type RequestFlags, requestOf } from "./request-options.js";
import { isShow, showRequest } from "./show.js";
import { orStopped } from "./time.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher request topic1 3 4 5 --kw keyword=b --ttl 4s
  $ ate-dispatcher request prices '{"sku": 17}' --no-producers fail
  $ ate-dispatcher request images --data-file photo.png --content-type image/png
  $ ate-dispatcher request topic1 --validate-only       # shows the targets, sends nothing

A number with more digits than a double can hold, also inside an argument, is sent as text. Options may appear anywhere.
After --, everything is an argument.`;

type Flags = RequestFlags & ConnectOptions & { readonly validateOnly?: boolean };

/** Adds the command. */
export function addRequest(program: Command, cli: Cli): void {
  const command = program.command("request").summary("send a request; listeners get the results");
  addRequestOptions(
    command.description(
      "Sends a request to all producers on a topic. The results go to the topic's listeners.",
    ),
  );
  addConnectOptions(command, cli)
    .option("--validate-only", "check the request and show its targets, without sending it")
    .addHelpText("after", EXAMPLES)
    .action(async (topic: string, args: readonly string[], flags: Flags) => {
      if (isShow(topic, args, flags)) return await showRequest(args[0] ?? "", flags, cli);
      const output = cli.output(flags.json === true);
      const options = await requestOf(args, flags, cli);
      const acceptance = await withClient(flags, cli, (client) => {
        const call = flags.validateOnly ? client.validate(topic, options) : client.dispatch(topic, options);
        return orStopped(call, cli.stop);
      });
      await output.result(acceptanceEvent(acceptance), () =>
        acceptanceLines(acceptance, topic, output.paint),
      );
      if (!flags.validateOnly) hint(acceptance, topic, output);
      cli.exitWith(EXIT.ok);
    });
}

function hint(acceptance: Acceptance, topic: string, output: Output): void {
  if (output.isJson || acceptance.listenerCount > 0 || acceptance.targets.length === 0) return;
  const shown = sanitize(topic);
  output.warn(
    `there is no listener on ${shown}; run "ate-dispatcher listen ${shown}" first, or use "ate-dispatcher gather"`,
  );
}
