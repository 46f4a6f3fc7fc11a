/**
 * `ate-dispatcher bench`: puts load on a running dispatcher and measures throughput and latency.
 */
import { type Command, Option } from "commander";
import { type BenchLoad, runBenchLoad } from "./bench-load.js";
import type { BenchFigures } from "./bench-tally.js";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { EXIT } from "./exit.js";
import { count, rate, span } from "./numbers.js";
import { sanitize } from "./output.js";
import { orStopped } from "./time.js";
import { bytesFrom, countUpTo, positiveMs } from "./values.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher bench                                # 4 producers, 4 listeners, 10,000 requests, 64 pending
  $ ate-dispatcher bench --producers 16 --listeners 16 --window 16
  $ ate-dispatcher bench --rate 300 --requests 3000     # latency at a fixed rate
  $ ate-dispatcher bench --topics 1000 --size 4KiB --json

The load uses topics of its own, so no other producer or listener is involved. Each producer, each listener and the
requester has its own connection. Latency is the time from when a request was due until the last listener has the result
of the last producer; with --rate, this includes the time that a request waits to be sent. If this program itself is
short of CPU time, the figures measure the program and not the dispatcher.`;

const DEFAULT_REQUESTS = 10_000;
const DEFAULT_WINDOW = 64;
const DEFAULT_PEERS = 4;
const DEFAULT_BYTES = 128;
const MIN_BYTES = 4;
/** Every peer has a connection of its own, and every request a latency in memory. */
const [MAX_TOPICS, MAX_PEERS, MAX_REQUESTS, MAX_RATE] = [100_000, 10_000, 10_000_000, 1_000_000];
const DEFAULT_TTL_MS = 5_000;

interface Flags extends ConnectOptions {
  readonly topics?: number;
  readonly producers?: number;
  readonly listeners?: number;
  readonly requests?: number;
  readonly window?: number;
  readonly rate?: number;
  readonly size?: number;
  readonly ttl?: number;
}

/** Adds the command. */
export function addBench(program: Command, cli: Cli): void {
  const command = program
    .command("bench")
    .summary("measure a dispatcher under load")
    .description("Puts load on a dispatcher and measures its throughput and latency.");
  addConnectOptions(command, cli)
    .option(
      "--topics <n>",
      "number of topics, which share the requests evenly (default: 1)",
      countUpTo(MAX_TOPICS),
    )
    .option("--producers <n>", `producers on each topic (default: ${DEFAULT_PEERS})`, countUpTo(MAX_PEERS))
    .option("--listeners <n>", `listeners on each topic (default: ${DEFAULT_PEERS})`, countUpTo(MAX_PEERS))
    .option(
      "-n, --requests <n>",
      `total number of requests (default: ${count(DEFAULT_REQUESTS)})`,
      countUpTo(MAX_REQUESTS),
    )
    .addOption(
      new Option("--window <n>", `pending requests at a time (default: ${DEFAULT_WINDOW})`)
        .argParser(countUpTo(MAX_REQUESTS))
        .conflicts("rate"),
    )
    .addOption(
      new Option("--rate <n>", "requests per second, independent of how fast they complete")
        .argParser(countUpTo(MAX_RATE))
        .conflicts("window"),
    )
    .option(
      "--size <size>",
      `size of each result, at least ${MIN_BYTES} bytes (default: 128B)`,
      bytesFrom(MIN_BYTES),
    )
    .option("-t, --ttl <duration>", "how long results are accepted (default: 5s)", positiveMs)
    .addHelpText("after", EXAMPLES)
    .action((flags: Flags) => bench(flags, cli));
}

async function bench(flags: Flags, cli: Cli): Promise<void> {
  const output = cli.output(flags.json === true);
  const load = loadOf(flags);
  // Checks that the dispatcher answers, with the same error as the other commands.
  await withClient(flags, cli, (client) => orStopped(client.introspect.serverInfo(), cli.stop));
  const figures = await runBenchLoad(load, cli.stop);
  await output.result(benchEvent(figures), () => benchLines(figures).join("\n"));
  cli.stop.throwIfAborted();
  const isGood = figures.completedCount === figures.requestCount && figures.lostCount === 0;
  cli.exitWith(isGood ? EXIT.ok : EXIT.failed);
}

function loadOf(flags: Flags): BenchLoad {
  return {
    address: flags.address,
    secure: flags,
    topicCount: flags.topics ?? 1,
    producerCount: flags.producers ?? DEFAULT_PEERS,
    listenerCount: flags.listeners ?? DEFAULT_PEERS,
    requestCount: flags.requests ?? DEFAULT_REQUESTS,
    window: flags.window ?? DEFAULT_WINDOW,
    rate: flags.rate,
    payloadBytes: flags.size ?? DEFAULT_BYTES,
    ttlMs: flags.ttl ?? DEFAULT_TTL_MS,
  };
}

function benchEvent(figures: BenchFigures): object {
  return {
    event: "bench",
    request_count: figures.requestCount,
    completed_count: figures.completedCount,
    delivery_count: figures.deliveryCount,
    lost_count: figures.lostCount,
    errors: figures.errors,
    elapsed_ms: figures.elapsedMs,
    requests_per_second: figures.requestsPerSecond,
    deliveries_per_second: figures.deliveriesPerSecond,
    p50_ms: figures.p50Ms ?? null,
    p99_ms: figures.p99Ms ?? null,
    max_ms: figures.maxMs ?? null,
  };
}

function benchLines(figures: BenchFigures): readonly string[] {
  const { p50Ms, p99Ms, maxMs, lostCount } = figures;
  const time = (ms: number | undefined) => (ms === undefined ? "-" : span(ms));
  const errors = Object.entries(figures.errors).map(
    ([reason, times]) => `${sanitize(reason)} ${count(times)}`,
  );
  return [
    `requests    ${count(figures.completedCount)} of ${count(figures.requestCount)} in ${span(figures.elapsedMs)}`,
    `rate        ${rate(figures.requestsPerSecond)} requests/s, ${rate(figures.deliveriesPerSecond)} deliveries/s`,
    `latency     p50 ${time(p50Ms)}, p99 ${time(p99Ms)}, max ${time(maxMs)}`,
    `errors      ${errors.join(", ") || "none"}`,
    ...(lostCount > 0 ? [`lost        ${count(lostCount)} results; the listeners read too slowly`] : []),
  ];
}
