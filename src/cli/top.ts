/**
 * `ate-dispatcher top`: how much happens a second, and who has the most to do, live in the terminal.
 */
import { type DispatcherClient, DispatcherError, type ServerInfo } from "ate-dispatcher-client";
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { EXIT } from "./exit.js";
import { PAGE_SIZE } from "./list.js";
import { createPaint, harmless } from "./output.js";
import { openScreen, type Screen } from "./screen.js";
import { pause } from "./time.js";
import { type Load, type Look, loadBetween } from "./top-load.js";
import { FIXED_LINES, loadEvent, loadLines } from "./top-view.js";
import { positiveCount } from "./values.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher top                                  # live, once a second; q or Ctrl-C ends it
  $ ate-dispatcher top --json | jq .rates               # once, measured over about a second
  $ ate-dispatcher top --count 60 --json > minute.jsonl

Topics with the most results a second come first, and producers that owe the most. Without a terminal, with --json or
with --count it prints what a program or file can hold, once if --count does not say otherwise.`;

interface Flags extends ConnectOptions {
  readonly count?: number;
  readonly rows?: number;
}

/** Rows of a printed table, and of a live one at the least. */
const PRINTED_ROWS = 10;
const LEAST_ROWS = 3;
/** Topics and producers that are looked at; sorting more by load every second would itself be a load. */
const MOST_LOOKED_AT = 5_000;
/** Rates over less are noise. */
const LEAST_MS = 500;
const RETRY_MS = 1_000;
/** A topic that nobody uses: a watch of it brings the state of the server, and no event per request. */
const NO_TOPIC = "ate-dispatcher.top.watches.no.topic";

/** Adds the command. */
export function addTop(program: Command, cli: Cli): void {
  const command = program
    .command("top")
    .summary("watch rates, topics and producers, live")
    .description("Shows what happens per second, and the busiest topics and producers.");
  addConnectOptions(command, cli)
    .option(
      "-n, --count <n>",
      "print so many times, a second apart, instead of the live table",
      positiveCount,
    )
    .option("--rows <n>", "the most topics, and the most producers, to show", positiveCount)
    .addHelpText("after", EXAMPLES)
    .action(async (flags: Flags) => {
      const isLive = cli.stdout.isTTY === true && flags.json !== true && flags.count === undefined;
      await withClient(flags, cli, (client) => (isLive ? live : print)(client, flags, cli));
      cli.exitWith(EXIT.ok);
    });
}

/** Prints a number of times. */
async function print(client: DispatcherClient, flags: Flags, cli: Cli): Promise<void> {
  const output = cli.output(flags.json === true);
  const rows = flags.rows ?? PRINTED_ROWS;
  let left = flags.count ?? 1;
  try {
    for await (const load of loads(client, cli.stop)) {
      if (load.rates === undefined) continue;
      const lines = loadLines(load, flags.address, rows, output.paint);
      await output.result(loadEvent(load, rows), () => [...lines, ...(left > 1 ? [""] : [])].join("\n"));
      if (--left === 0) return;
    }
  } catch (error) {
    // Whatever the end of the watch says, it was ended from here.
    throw cli.stop.aborted ? cli.stop.reason : error;
  }
}

/** Draws until somebody ends it; a dispatcher that goes away is waited for. */
async function live(client: DispatcherClient, flags: Flags, cli: Cli): Promise<void> {
  const screen = openScreen(cli);
  const quit = new AbortController();
  screen.quit.then(
    () => quit.abort(),
    // A keyboard that breaks is no wish to end.
    () => {},
  );
  const end = AbortSignal.any([cli.stop, quit.signal]);
  try {
    while (!end.aborted) {
      await drawLoads(client, flags, screen, cli, end).catch(async (cause: unknown) => {
        const error = DispatcherError.from(cause);
        if (end.aborted) return;
        if (!error.retryable) throw cause;
        const message = harmless(error.message);
        screen.draw([`${flags.address} does not answer; trying again`, message, "", FOOTER]);
        // The attempt to connect keeps the process alive meanwhile.
        await Promise.all([pause(RETRY_MS, end), client.waitForReady(RETRY_MS).catch(() => {})]);
      });
    }
  } finally {
    screen.close();
  }
}

const FOOTER = "q or Ctrl-C ends it";

async function drawLoads(
  client: DispatcherClient,
  { address, rows }: Flags,
  screen: Screen,
  { stdout, environment }: Cli,
  end: AbortSignal,
): Promise<void> {
  const paint = createPaint(stdout, environment);
  for await (const load of loads(client, end)) {
    const fitting = Math.floor((screen.rows - FIXED_LINES - 2) / 2);
    const lines = loadLines(load, address, rows ?? Math.max(LEAST_ROWS, fitting), paint);
    screen.draw([...lines, "", paint("dim", FOOTER)]);
  }
}

/** The load, at once without rates, and then once a second. Throws when the signal fires or the link breaks. */
async function* loads(client: DispatcherClient, signal: AbortSignal): AsyncGenerator<Load, void> {
  let before: Look | undefined;
  const isStale = createLagCheck();
  for await (const event of client.introspect.watch({ topic: NO_TOPIC, signal })) {
    if (event.type !== "server" || isStale(event.server)) continue;
    const { server } = event;
    if (before !== undefined && server.uptimeMs - before.server.uptimeMs < LEAST_MS) continue;
    const [topics, producers] = await Promise.all([
      firstOf(client.introspect.topics({ pageSize: PAGE_SIZE, signal })),
      firstOf(client.introspect.producers({ pageSize: PAGE_SIZE, signal })),
    ]);
    const now = { server, topics, producers };
    yield loadBetween(before, now);
    before = now;
  }
}

/** Tells states of the server that waited while lists were fetched: they are passed over, or the table would lag. */
function createLagCheck(): (server: ServerInfo) => boolean {
  let offsetMs: number | undefined;
  return ({ uptimeMs }) => {
    const nowMs = performance.now();
    offsetMs ??= nowMs - uptimeMs;
    return nowMs - uptimeMs - offsetMs > RETRY_MS;
  };
}

async function firstOf<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const taken: T[] = [];
  for await (const item of items) {
    taken.push(item);
    if (taken.length === MOST_LOOKED_AT) break;
  }
  return taken;
}
