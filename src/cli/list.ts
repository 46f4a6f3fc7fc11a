/**
 * The commands that list what there is: a table for people, a line of JSON per entry for programs.
 */
import type { DispatcherClient } from "ate-dispatcher-client";
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { EXIT } from "./exit.js";
import type { Output } from "./output.js";
import { type Column, drawTable } from "./table.js";
import { orStop } from "./time.js";

/** What is listed, and how it is shown. */
export interface List<T, F extends ConnectOptions = ConnectOptions> {
  /** Of the command, in the plural. */
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  /** What the argument means. */
  readonly topic: string;
  /** Behind the options in the help. */
  readonly examples: string;
  /** Adds what options it has of its own. */
  readonly addOptions?: (command: Command) => void;
  readonly fetch: (client: DispatcherClient, topic: string, flags: F) => AsyncIterable<T>;
  readonly event: (item: T) => object;
  readonly columns: readonly Column<T>[];
  /** The most to show; unlimited without. */
  readonly most?: (flags: F) => number;
}

/** Entries fetched at a time. */
export const PAGE_SIZE = 1_000;

/** Adds the command of a list. */
export function addList<T, F extends ConnectOptions>(program: Command, cli: Cli, list: List<T, F>): void {
  const command = program
    .command(list.name)
    .summary(list.summary)
    .description(list.description)
    .argument("[topic]", list.topic);
  list.addOptions?.(command);
  addConnectOptions(command, cli)
    .addHelpText("after", list.examples)
    .action(async (topic: string | undefined, flags: F) => {
      const output = cli.output(flags.json === true);
      await withClient(flags, cli, (client) =>
        orStop(show(client, topic ?? "", list, flags, output), cli.stop),
      );
      cli.exitWith(EXIT.ok);
    });
}

async function show<T, F extends ConnectOptions>(
  client: DispatcherClient,
  topic: string,
  list: List<T, F>,
  flags: F,
  output: Output,
): Promise<void> {
  const most = list.most?.(flags) ?? Number.POSITIVE_INFINITY;
  const items: T[] = [];
  let shown = 0;
  let hasMore = false;
  for await (const item of list.fetch(client, topic, flags)) {
    hasMore = shown === most;
    if (hasMore) break;
    shown++;
    if (output.isJson) await output.result(list.event(item), () => "");
    else items.push(item);
  }
  if (items.length > 0) {
    await output.result({}, () => drawTable(list.columns, items, output.paint).join("\n"));
  }
  if (hasMore) output.note({ event: "more", shown }, `there are more than these ${shown}; see --count`);
  if (shown === 0 && !output.isJson) {
    output.note({}, `no ${list.name}${topic === "" ? "" : ` on ${topic}`}`);
  }
}
