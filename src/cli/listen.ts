/**
 * `ate-dispatcher listen`: prints the results of topics as they arrive.
 */
import type { Listener, ListenerOptions } from "ate-dispatcher-client";
import { type Command, Option } from "commander";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { EXIT } from "./exit.js";
import { type Output, sanitize } from "./output.js";
import { createResultLine, resultEvent, summaryEvent, summaryLines } from "./render.js";
import { createStatusNotes } from "./session-notes.js";
import { orStopped, pause } from "./time.js";
import { nonEmpty, positiveCount, positiveMs } from "./values.js";
import type { WaitingNotes } from "./waiting.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher listen topic1 topic2
  $ ate-dispatcher listen 'sensors.*.temperature' --json | jq -c .value
  $ ate-dispatcher listen topic1 --count 2 --for 10s    # exit code 3 after fewer than 2 results in 10 s
  $ ate-dispatcher listen 'jobs.>' --group archive      # each request goes to one member of the group

In a topic, * matches one token and > matches all further tokens. Ctrl-C ends it with exit code 0.`;

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
    .description("Prints the results of topics as they arrive.")
    .argument("<topic...>", "topics or patterns");
  addConnectOptions(command, cli)
    .option("--id <listener-id>", "id of this listener; it replaces a listener with the same id", nonEmpty)
    .option("--group <name>", "share the results with the other members of this group", nonEmpty)
    .option("--late", "also show results that arrive after their request has ended")
    .option("--summaries", "also show the summary of each request")
    .option("-n, --count <n>", "end after this many results", positiveCount)
    .option("--for <duration>", "end after this time", positiveMs)
    .addOption(
      new Option("--overflow <action>", "what the dispatcher does if this command reads too slowly")
        .choices(["drop-oldest", "disconnect"])
        .default("drop-oldest"),
    )
    .addHelpText("after", EXAMPLES)
    .action(async (topics: readonly string[], flags: Flags) => {
      const output = cli.output(flags.json === true);
      await withClient(flags, cli, async (client, { answered, notes }) => {
        const counted = new AbortController();
        const callbacks = createCallbacks(flags, output, notes, () => counted.abort());
        const listener = client.createListener({ topics, ...callbacks, ...optionsOf(flags) });
        await orStopped(listener.ready(), cli.stop);
        answered();
        output.note(
          { event: "ready", listener_id: listener.id, topics },
          `listening on ${sanitize(topics.join(", "))} as ${sanitize(listener.id ?? "")}`,
        );
        cli.exitWith(await waitForEnd(listener, flags, cli, counted.signal));
      });
    });
}

/**
 * Waits until the listener ends, the count is reached, the time is over, or the process stops.
 *
 * @returns the exit code.
 */
async function waitForEnd(
  listener: Listener,
  flags: Flags,
  { stop }: Cli,
  counted: AbortSignal,
): Promise<number> {
  const end = new AbortController();
  const isTimeOver = pause(flags.for, end.signal);
  const isComplete = pause(undefined, counted);
  const isStopped = pause(undefined, stop);
  await Promise.race([listener.closed, isTimeOver, isComplete, isStopped]);
  end.abort();
  const isShort = flags.count !== undefined && !counted.aborted && !stop.aborted;
  return isShort ? EXIT.unsatisfied : EXIT.ok;
}

/**
 * Creates the callbacks that print results, gaps and summaries. A slow reader of the output slows down the listener.
 */
function createCallbacks(
  { count, summaries, json }: Flags,
  output: Output,
  notes: WaitingNotes,
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
      // A program gets the gap on standard output, in order with the results.
      if (json) void output.result(event, () => "");
      else output.warn(`lost ${lostCount} results on ${sanitize(topic)} (${sanitize(reason)})`);
    },
    onStatus: createStatusNotes(output, notes),
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
