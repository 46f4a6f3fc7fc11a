/**
 * The list commands: a table, or one JSON line per entry with `--json`.
 */
import type { DispatcherClient } from "ate-dispatcher-client";
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { EXIT } from "./exit.js";
import { type Output, sanitize } from "./output.js";
import { type Column, drawTable } from "./table.js";
import { orStopped } from "./time.js";

/** The definition of a list command. */
export interface List<T, F extends ConnectOptions = ConnectOptions> {
  /** The command's name: the entries, in the plural. */
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  /** The help text of the topic argument. */
  readonly topicHelp: string;
  /** The text after the options in the help. */
  readonly examples: string;
  /** Adds the options that only this command has. */
  readonly addOptions?: (command: Command) => void;
  readonly fetch: (client: DispatcherClient, topic: string, flags: F) => AsyncIterable<T>;
  readonly event: (item: T) => object;
  readonly columns: readonly Column<T>[];
  /** The maximum number of entries to show; default: no limit. */
  readonly maxCount?: (flags: F) => number;
}

/** Entries per page. */
export const PAGE_SIZE = 1_000;

/** Adds a list command. */
export function addList<T, F extends ConnectOptions>(program: Command, cli: Cli, list: List<T, F>): void {
  const command = program
    .command(list.name)
    .summary(list.summary)
    .description(list.description)
    .argument("[topic]", list.topicHelp);
  list.addOptions?.(command);
  addConnectOptions(command, cli)
    .addHelpText("after", list.examples)
    .action(async (topic: string | undefined, flags: F) => {
      const output = cli.output(flags.json === true);
      await withClient(flags, cli, (client, { answered }) =>
        orStopped(show({ client, topic: topic ?? "", answered }, list, flags, output), cli.stop),
      );
      cli.exitWith(EXIT.ok);
    });
}

/** Whom to ask for a list, and about which topic; empty for all. */
interface Query {
  readonly client: DispatcherClient;
  readonly topic: string;
  /** To call when the first entry has arrived. */
  readonly answered: () => void;
}

async function show<T, F extends ConnectOptions>(
  { client, topic, answered }: Query,
  list: List<T, F>,
  flags: F,
  output: Output,
): Promise<void> {
  const maxCount = list.maxCount?.(flags) ?? Number.POSITIVE_INFINITY;
  const items: T[] = [];
  let shown = 0;
  let hasMore = false;
  for await (const item of list.fetch(client, topic, flags)) {
    answered();
    hasMore = shown === maxCount;
    if (hasMore) break;
    shown++;
    if (output.isJson) await output.result(list.event(item), () => "");
    else items.push(item);
  }
  if (items.length > 0) {
    await output.result({}, () => drawTable(list.columns, items, output.paint).join("\n"));
  }
  if (hasMore)
    output.note({ event: "more", shown }, `the first ${shown} are shown; raise --count to see more`);
  if (shown === 0) {
    output.note({ event: "empty", topic }, `no ${list.name}${topic === "" ? "" : ` on ${sanitize(topic)}`}`);
  }
}
