/**
 * `ate-dispatcher gather`: sends a request, prints the results as they arrive, and then the outcome of each producer.
 */
import type { Gather, RequestOptions } from "ate-dispatcher-client";
import { type Command, Option } from "commander";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { CliError, EXIT } from "./exit.js";
import type { Output, Paint } from "./output.js";
import {
  acceptanceEvent,
  acceptanceLines,
  createResultLine,
  resultEvent,
  summaryEvent,
  summaryLines,
  undecodable,
} from "./render.js";
import { addRequestOptions, type RequestFlags, requestOf } from "./request-options.js";
import { pause } from "./time.js";
import { percent, positiveCount, positiveMs } from "./values.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher gather topic1 3 4 5 --kw keyword=b --ttl 4s
  $ ate-dispatcher gather prices --first                # the fastest success
  $ ate-dispatcher gather fleet.status --quorum 80 --stall 300ms
  $ ate-dispatcher gather prices --json | jq -c 'select(.event == "result") | .value'

Exit code 3 if the summary says "not satisfied". The number of results to be satisfied is --min. The default is the goal
of --count, --quorum or --first, or a result from every producer. A result that cannot be decoded is shown as an error in
its place; the exit code is 1 then.`;

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
  const command = program.command("gather").summary("send a request and print its results");
  addRequestOptions(
    command.description(
      "Sends a request to all producers on a topic. Prints the results as they arrive, then the summary.",
    ),
  );
  addConnectOptions(command, cli)
    .addOption(
      new Option("--count <n>", "end after this many results")
        .argParser(positiveCount)
        .conflicts(["quorum", "first"]),
    )
    .addOption(
      new Option("--quorum <percent>", "end when this percentage of the producers has answered")
        .argParser(percent)
        .conflicts(["count", "first"]),
    )
    .addOption(new Option("--first", "end at the first success").conflicts(["count", "quorum"]))
    .option("--stall <duration>", "end when no result arrives for this long after the last one", positiveMs)
    .option("--min <n>", "number of results from which the summary is satisfied", positiveCount)
    .option("--exclude-listeners", "withhold the results from the topic's listeners")
    .addHelpText("after", EXAMPLES)
    .action(async (topic: string, args: readonly string[], flags: Flags) => {
      const output = cli.output(flags.json === true);
      const options = { ...(await requestOf(args, flags, cli)), completion: completionOf(flags) };
      const excludeListeners = flags.excludeListeners === true;
      const abandonment = new AbortController();
      await withClient(flags, cli, (client, { answered }) => {
        const { signal } = abandonment;
        const gather = client.gather(topic, { ...options, excludeListeners, signal });
        gather.acceptance.then(answered, answered);
        return show(gather, topic, output, cli, abandonment);
      });
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

/** How long the summary of a request that a signal has cancelled may take, in milliseconds. */
const MAX_CANCEL_MS = 2_000;

async function show(
  gather: Gather,
  topic: string,
  output: Output,
  cli: Cli,
  abandonment: AbortController,
): Promise<void> {
  const { paint } = output;
  const cancel = () => {
    gather.cancel();
    void pause(MAX_CANCEL_MS).then(() => abandonment.abort());
  };
  cli.stop.addEventListener("abort", cancel);
  gather.summary.catch(() => {});
  try {
    const acceptance = await gather.acceptance;
    // As text, standard output has only the results. As JSON, the acceptance is one of the events.
    if (output.isJson) await output.result(acceptanceEvent(acceptance), () => "");
    else output.note({}, acceptanceLines(acceptance, topic, PLAIN));
    const line = createResultLine(paint);
    let undecodableCount = 0;
    for await (const result of gather) {
      if (undecodable(result) !== undefined) undecodableCount++;
      await output.result(resultEvent(result), () => line(result));
    }
    const summary = await gather.summary;
    await output.result(summaryEvent(summary), () => summaryLines(summary, paint));
    cli.stop.throwIfAborted();
    if (undecodableCount > 0) throw notDecoded(undecodableCount);
    cli.exitWith(summary.satisfied ? EXIT.ok : EXIT.unsatisfied);
  } catch (error) {
    // After a stop, the error of the cancelled gather is a consequence; report the stop.
    throw cli.stop.aborted ? cli.stop.reason : error;
  } finally {
    cli.stop.removeEventListener("abort", cancel);
  }
}

function notDecoded(count: number): CliError {
  const what =
    count === 1
      ? "1 result could not be decoded; its producer"
      : `${count} results could not be decoded; their producers`;
  return new CliError(`${what} sent malformed data`, EXIT.failed);
}
