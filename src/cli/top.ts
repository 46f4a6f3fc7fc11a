/**
 * `ate-dispatcher top`: shows rates and the busiest topics and producers, live in the terminal.
 */
import { type DispatcherClient, DispatcherError, type ServerInfo } from "ate-dispatcher-client";
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { EXIT } from "./exit.js";
import { PAGE_SIZE } from "./list.js";
import { createPaint, sanitize } from "./output.js";
import { openScreen, type Screen } from "./screen.js";
import { pause } from "./time.js";
import { type Load, loadBetween, type Sample } from "./top-load.js";
import { FIXED_LINES, loadEvent, loadLines } from "./top-view.js";
import { positiveCount } from "./values.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher top                                  # live, updated every second; q or Ctrl-C ends it
  $ ate-dispatcher top --json | jq .rates               # once, measured over one second
  $ ate-dispatcher top --count 60 --json > minute.jsonl

Topics are ordered by results per second, producers by the number of their assignments. With --json, with --count, or
if standard output is not a terminal, the output is not live: it is printed once, or as often as --count says.`;

interface Flags extends ConnectOptions {
  readonly count?: number;
  readonly rows?: number;
}

/** Rows of a table that is not live. */
const PRINTED_ROWS = 10;
/** The minimum number of rows of a live table, on a small terminal. */
const MIN_ROWS = 3;
/** The maximum number of topics, and of producers, that are fetched and sorted every second. */
const MAX_FETCHED = 5_000;
/** The minimum time between two samples, in milliseconds; rates over a shorter time are noise. */
const MIN_SAMPLE_MS = 500;
const RETRY_MS = 1_000;
/** A topic that is not in use. A watch of it receives only the state of the server, and no event per request. */
const UNUSED_TOPIC = "ate-dispatcher.top.watches.no.topic";

/** Adds the command. */
export function addTop(program: Command, cli: Cli): void {
  const command = program
    .command("top")
    .summary("watch rates, topics and producers, live")
    .description("Shows what happens per second, and the busiest topics and producers.");
  addConnectOptions(command, cli)
    .option(
      "-n, --count <n>",
      "print this many times, once a second, instead of the live table",
      positiveCount,
    )
    .option("--rows <n>", "maximum number of topics, and of producers, to show", positiveCount)
    .addHelpText("after", EXAMPLES)
    .action(async (flags: Flags) => {
      const isLive = cli.stdout.isTTY === true && flags.json !== true && flags.count === undefined;
      await withClient(flags, cli, async (client, { answered }) => {
        if (!isLive) return await print(client, flags, cli, answered);
        // From here on, the screen says what keeps the command.
        answered();
        await live(client, flags, cli);
      });
      cli.exitWith(EXIT.ok);
    });
}

/** Prints the load `--count` times. */
async function print(client: DispatcherClient, flags: Flags, cli: Cli, answered: () => void): Promise<void> {
  const output = cli.output(flags.json === true);
  const rows = flags.rows ?? PRINTED_ROWS;
  let left = flags.count ?? 1;
  try {
    for await (const load of loads(client, cli.stop)) {
      answered();
      if (load.rates === undefined) continue;
      const lines = loadLines(load, flags.address, rows, output.paint);
      await output.result(loadEvent(load, rows), () => [...lines, ...(left > 1 ? [""] : [])].join("\n"));
      if (--left === 0) return;
    }
  } catch (error) {
    // After a stop, the error of the watch is a consequence; report the stop.
    throw cli.stop.aborted ? cli.stop.reason : error;
  }
}

/** Draws the load until the user ends it. Reconnects if the connection breaks. */
async function live(client: DispatcherClient, flags: Flags, cli: Cli): Promise<void> {
  const screen = openScreen(cli);
  const quit = new AbortController();
  screen.quit.then(
    () => quit.abort(),
    // A failure of the keyboard does not end the command.
    () => {},
  );
  const end = AbortSignal.any([cli.stop, quit.signal]);
  screen.draw([`${flags.address}: connected, but no answer yet`, "", FOOTER]);
  try {
    while (!end.aborted) {
      await drawLoads(client, flags, screen, cli, end).catch(async (cause: unknown) => {
        const error = DispatcherError.from(cause);
        if (end.aborted) return;
        if (!error.retryable) throw cause;
        const message = sanitize(error.message);
        screen.draw([`${flags.address} does not answer; reconnecting`, message, "", FOOTER]);
        // The pause alone would not keep the process alive; the attempt to connect does.
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
    const lines = loadLines(load, address, rows ?? Math.max(MIN_ROWS, fitting), paint);
    screen.draw([...lines, "", paint("dim", FOOTER)]);
  }
}

/**
 * Yields the load: at once without rates, then once a second. Throws when the signal fires or the connection breaks.
 */
async function* loads(client: DispatcherClient, signal: AbortSignal): AsyncGenerator<Load, void> {
  let before: Sample | undefined;
  const isStale = createLagCheck();
  for await (const event of client.introspect.watch({ topic: UNUSED_TOPIC, signal })) {
    if (event.type !== "server" || isStale(event.server)) continue;
    const { server } = event;
    if (before !== undefined && server.uptimeMs - before.server.uptimeMs < MIN_SAMPLE_MS) continue;
    const [topics, producers] = await Promise.all([
      firstOf(client.introspect.topics({ pageSize: PAGE_SIZE, signal })),
      firstOf(client.introspect.producers({ pageSize: PAGE_SIZE, signal })),
    ]);
    const now = { server, topics, producers };
    yield loadBetween(before, now);
    before = now;
  }
}

/** Detects events that were queued while lists were fetched. They are skipped, because the table would lag behind. */
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
    if (taken.length === MAX_FETCHED) break;
  }
  return taken;
}
