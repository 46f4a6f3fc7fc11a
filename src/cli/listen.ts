/**
 * `ate-dispatcher listen`: prints the results of topics as they come.
 */
import type { Listener, ListenerOptions } from "ate-dispatcher-client";
import { type Command, Option } from "commander";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { EXIT } from "./exit.js";
import type { Output } from "./output.js";
import { createResultLine, resultEvent, summaryEvent, summaryLines } from "./render.js";
import { createStatusNotes } from "./session-notes.js";
import { orStop, pause } from "./time.js";
import { positiveCount, positiveMs } from "./values.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher listen topic1 topic2
  $ ate-dispatcher listen 'sensors.*.temperature' --json | jq -c .value
  $ ate-dispatcher listen topic1 --count 2 --for 10s    # exit code 3 if fewer than 2 came in 10 s
  $ ate-dispatcher listen 'jobs.>' --group archive      # each request goes to one member of the group

In a topic, * stands for one word and > for all the rest. Ctrl-C ends it with exit code 0.`;

interface Flags extends ConnectOptions {
  readonly id?: string;
  readonly group?: string;
  readonly late?: boolean;
  readonly summaries?: boolean;
  readonly count?: number;
  readonly for?: number;
  readonly overflow?: string;
}

/** Adds the command. */
export function addListen(program: Command, cli: Cli): void {
  const command = program
    .command("listen")
    .summary("print the results of topics")
    .description("Prints the results of topics as they come.")
    .argument("<topic...>", "topics or patterns");
  addConnectOptions(command, cli)
    .option("--id <listener-id>", "your id as a listener; the newest of an id replaces the older")
    .option("--group <name>", "share the results with the other members of a group")
    .option("--late", "show results that came too late, too")
    .option("--summaries", "show the summary of each request, too")
    .option("-n, --count <n>", "end after so many results", positiveCount)
    .option("--for <duration>", "end after this time", positiveMs)
    .addOption(
      new Option("--overflow <action>", "what happens if this reads too slowly")
        .choices(["drop-oldest", "disconnect"])
        .default("drop-oldest"),
    )
    .addHelpText("after", EXAMPLES)
    .action(async (topics: readonly string[], flags: Flags) => {
      const output = cli.output(flags.json === true);
      await withClient(flags, cli, async (client) => {
        const over = new AbortController();
        const arrivals = createArrivals(flags, output, () => over.abort());
        const listener = client.createListener({ topics, ...arrivals, ...optionsOf(flags) });
        await orStop(listener.ready(), cli.stop);
        output.note(
          { event: "ready", listener_id: listener.id, topics },
          `listening on ${topics.join(", ")} as ${listener.id}`,
        );
        cli.exitWith(await untilOver(listener, flags, cli, over.signal));
      });
    });
}

/** Prints what comes until it is over. @returns the exit code. */
async function untilOver(
  listener: Listener,
  flags: Flags,
  { stop }: Cli,
  counted: AbortSignal,
): Promise<number> {
  const end = new AbortController();
  const timeIsOver = pause(flags.for, end.signal);
  const isComplete = pause(undefined, counted);
  const isStopped = pause(undefined, stop);
  await Promise.race([listener.closed, timeIsOver, isComplete, isStopped]);
  end.abort();
  const isShort = flags.count !== undefined && !counted.aborted && !stop.aborted;
  return isShort ? EXIT.unsatisfied : EXIT.ok;
}

/** What is done with what arrives, one after the other; the server waits while the reader of this output is behind. */
function createArrivals(
  { count, summaries, json }: Flags,
  output: Output,
  onEnough: () => void,
): Pick<ListenerOptions, "onResult" | "onSummary" | "onGap" | "onStatus"> {
  const line = createResultLine(output.paint);
  let seen = 0;
  return {
    async onResult(result) {
      if (count !== undefined && seen >= count) return;
      seen++;
      await output.result(resultEvent(result), () => line(result));
      if (seen === count) onEnough();
    },
    onGap({ topic, reason, from, to, lostCount }) {
      const event = {
        ...{ event: "gap", topic, reason, from: String(from), to: String(to) },
        lost_count: String(lostCount),
      };
      // A gap belongs to the order of the results, so a program gets it among them.
      if (json) void output.result(event, () => "");
      else output.warn(`${lostCount} results on ${topic} are lost (${reason})`);
    },
    onStatus: createStatusNotes(output),
    ...(summaries && {
      onSummary: (summary) =>
        void output.result(summaryEvent(summary), () => summaryLines(summary, output.paint)),
    }),
  };
}

function optionsOf({ id, group, late, overflow }: Flags): Omit<ListenerOptions, "topics"> {
  return {
    ...(id !== undefined && { id }),
    ...(group !== undefined && { group }),
    ...(late && { includeLate: true }),
    overflowAction: overflow === "disconnect" ? "DISCONNECT" : "DROP_OLDEST",
  };
}
