/**
 * `ate-dispatcher gather`: asks everyone on a topic, prints the results as they come, and says what became of each
 * producer.
 */
import type { Gather, RequestOptions } from "ate-dispatcher-client";
import { type Command, Option } from "commander";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { EXIT } from "./exit.js";
import type { Output, Paint } from "./output.js";
import {
  acceptanceEvent,
  acceptanceLines,
  createResultLine,
  resultEvent,
  summaryEvent,
  summaryLines,
} from "./render.js";
import { addRequestOptions, type RequestFlags, requestOf } from "./request-options.js";
import { percent, positiveCount, positiveMs } from "./values.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher gather topic1 3 4 5 --kw keyword=b --ttl 4s
  $ ate-dispatcher gather prices --first                # the fastest success
  $ ate-dispatcher gather fleet.status --quorum 80 --stall 300ms
  $ ate-dispatcher gather prices --json | jq -c 'select(.event == "result") | .value'

Exit code 3 if the summary says "not satisfied": fewer results than --min, or than --count, --quorum, --first or
"everyone" ask for.`;

interface Flags extends RequestFlags, ConnectOptions {
  readonly count?: number;
  readonly quorum?: number;
  readonly first?: boolean;
  readonly stall?: number;
  readonly min?: number;
  readonly excludeListeners?: boolean;
}

/** Adds the command. */
export function addGather(program: Command, cli: Cli): void {
  const command = program.command("gather").summary("ask a topic and get the results here");
  addRequestOptions(
    command.description(
      "Asks everyone on a topic, prints the results as they come and a summary of everyone.",
    ),
  );
  addConnectOptions(command, cli)
    .addOption(
      new Option("--count <n>", "end after so many results")
        .argParser(positiveCount)
        .conflicts(["quorum", "first"]),
    )
    .addOption(
      new Option("--quorum <percent>", "end when so many of the producers have answered")
        .argParser(percent)
        .conflicts(["count", "first"]),
    )
    .addOption(new Option("--first", "end at the first success").conflicts(["count", "quorum"]))
    .option("--stall <duration>", "end when no result has come for so long after the last one", positiveMs)
    .option("--min <n>", "results that make it satisfied", positiveCount)
    .option("--exclude-listeners", "do not give the results to the topic's listeners too")
    .addHelpText("after", EXAMPLES)
    .action(async (topic: string, args: readonly string[], flags: Flags) => {
      const output = cli.output(flags.json === true);
      const options = { ...(await requestOf(args, flags, cli)), completion: completionOf(flags) };
      const excludeListeners = flags.excludeListeners === true;
      await withClient(flags, cli, (client) =>
        show(client.gather(topic, { ...options, excludeListeners }), topic, output, cli),
      );
    });
}

function completionOf({
  count,
  quorum,
  first,
  stall,
  min,
}: Flags): NonNullable<RequestOptions["completion"]> {
  return {
    ...(count !== undefined && { resultCount: count }),
    ...(quorum !== undefined && { quorumPercent: quorum }),
    ...(first && { firstSuccess: true }),
    ...(stall !== undefined && { stallTimeoutMs: stall }),
    ...(min !== undefined && { minResults: min }),
  };
}

const PLAIN: Paint = (_, text) => text;

async function show(gather: Gather, topic: string, output: Output, cli: Cli): Promise<void> {
  const { paint } = output;
  const cancel = () => gather.cancel();
  cli.stop.addEventListener("abort", cancel);
  gather.summary.catch(() => {});
  try {
    const acceptance = await gather.acceptance;
    // People want the answers on standard output; for programs, the acceptance is one of the events.
    if (output.isJson) await output.result(acceptanceEvent(acceptance), () => "");
    else output.note({}, acceptanceLines(acceptance, topic, PLAIN));
    const line = createResultLine(paint);
    for await (const result of gather) await output.result(resultEvent(result), () => line(result));
    const summary = await gather.summary;
    await output.result(summaryEvent(summary), () => summaryLines(summary, paint));
    cli.stop.throwIfAborted();
    cli.exitWith(summary.satisfied ? EXIT.ok : EXIT.unsatisfied);
  } catch (error) {
    // Whatever a cancelled gather says, it was cancelled from here.
    throw cli.stop.aborted ? cli.stop.reason : error;
  } finally {
    cli.stop.removeEventListener("abort", cancel);
  }
}
