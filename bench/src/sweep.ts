/**
 * The sweep: raises the offered rate until the delivered rate no longer follows, which is the knee. Then it offers three
 * times as much, to see whether the server sheds the excess or collapses.
 */
import { readBenchmarkFile, writeBenchmarkFile } from "./benchmark-file.js";
import { FIGURES, type FigureName, type Measurement } from "./figures.js";
import { describeMachine, type Machine, readVersions } from "./machine.js";
import type { Options } from "./options.js";
import type { Peer } from "./peer.js";
import { findPeer } from "./peers.js";
import { takeSample } from "./sample.js";
import { deliveriesPerRequest } from "./shape.js";
import { spread } from "./statistics.js";
import { isKnee, nextRate } from "./sweep-rates.js";
import { short, table, whole } from "./table.js";
import type { OpenWork } from "./work.js";
import { findWork } from "./works.js";

const WORK = "open 4x4/128";
/** The load generator with the lowest cost, so that the server saturates first. */
const PEER = "ours-lean";
const FIRST_RATE = 1_000;
const MAX_STEPS = 14;
/** The server's default. */
const TTL_MS = 5_000;
const OVERLOAD = 3;
/** Goodput at three times the knee, as a share of the best: the goal. */
const MIN_GOODPUT = 0.8;
/** Server memory at three times the knee, as a multiple of that at the best rate: the goal. */
const MAX_MEMORY = 2;

/** Figures of each step, in the order of the table. */
const SHOWN = [
  ...["deliveriesPerSecond", "requestsPerSecond", "shedPerSecond", "unansweredPerSecond", "lostPerSecond"],
  ...["p50Ms", "p99Ms", "sendDelayP99Ms", "serverRssMiB", "serverCores", "clientCores"],
] as readonly FigureName[];

/** One offered rate and the medians measured at it. */
export interface SweepStep {
  readonly requestsPerSecond: number;
  readonly measurement: Measurement;
}

/** What a sweep writes to the file of `--json`. */
export interface SweepReport {
  readonly date: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly run: { readonly rounds: number; readonly warmupMs: number; readonly measureMs: number };
  readonly work: string;
  readonly peer: string;
  /** Requests per second at the knee. */
  readonly knee: number;
  /** Deliveries per second at three times the knee, over those at the best rate. */
  readonly goodput: number;
  /** Server memory at three times the knee, over that at the best rate. */
  readonly memory: number;
  readonly holds: boolean;
  readonly steps: readonly SweepStep[];
  readonly overload: SweepStep;
}

/** Runs the sweep and prints a line per rate. Sets the exit code to 1 if a sample failed. */
export async function runSweep(options: Options): Promise<void> {
  const file = options.json === undefined ? {} : readBenchmarkFile(options.json);
  const date = new Date().toISOString();
  const work = findWork(WORK) as OpenWork;
  const peer = findPeer(PEER);
  const [machine, versions] = [describeMachine(), readVersions(new Set([peer]))];
  const perRequest = deliveriesPerRequest(work.shape);

  const take = (requestsPerSecond: number) => takeStep(peer, work, requestsPerSecond, options);
  const steps = [await take(FIRST_RATE)];
  while (steps.length < MAX_STEPS && !isKnee(steps.map(pointOf), perRequest)) {
    steps.push(await take(nextRate(steps.map(pointOf), perRequest)));
  }
  const best = steps.reduce((a, b) => (goodputOf(b) > goodputOf(a) ? b : a));
  const knee = Math.round(goodputOf(best) / perRequest);
  const overload = await take(knee * OVERLOAD);

  console.log(`${WORK} with ${peer.title}, TTL ${TTL_MS} ms, medians of ${options.rounds} rounds\n`);
  console.log(describeSteps([...steps, overload]));
  const goodput = goodputOf(overload) / goodputOf(best);
  const memory = (overload.measurement.serverRssMiB ?? 0) / (best.measurement.serverRssMiB ?? 1);
  const holds = goodput >= MIN_GOODPUT && memory <= MAX_MEMORY;
  console.log(
    `\nknee ${whole(knee)} requests/s; at ${OVERLOAD} times the knee: goodput ${short(goodput)} of the best ` +
      `(goal >= ${MIN_GOODPUT}), memory ${short(memory)} of that at the best (goal <= ${MAX_MEMORY}): ` +
      (holds ? "holds" : "MISSED"),
  );
  if (options.json === undefined) return;
  const { rounds, warmupMs, measureMs } = options;
  const sweep = {
    ...{ date, machine, versions, run: { rounds, warmupMs, measureMs }, work: WORK, peer: PEER },
    ...{ knee, goodput, memory, holds, steps: steps.map(shown), overload: shown(overload) },
  };
  writeBenchmarkFile(options.json, { ...file, sweep });
}

/** Takes the samples of one rate. @returns medians over the samples that did not fail. */
async function takeStep(
  peer: Peer,
  work: OpenWork,
  requestsPerSecond: number,
  { rounds, warmupMs, measureMs }: Options,
): Promise<SweepStep> {
  const measurements: Measurement[] = [];
  const overload = { requestsPerSecond, ttlMs: TTL_MS };
  for (let count = 0; count < rounds; count++) {
    try {
      measurements.push(await takeSample(peer, work, { warmupMs, measureMs, overload }));
    } catch (error) {
      console.error(`${whole(requestsPerSecond)} requests/s offered: FAILED: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  }
  const measurement = medians(measurements);
  const rate = whole(measurement.deliveriesPerSecond ?? 0);
  console.error(`${whole(requestsPerSecond)} requests/s offered: ${rate} deliveries/s`);
  return { requestsPerSecond, measurement };
}

function medians(measurements: readonly Measurement[]): Measurement {
  const names = new Set(measurements.flatMap((measurement) => Object.keys(measurement) as FigureName[]));
  return Object.fromEntries(
    [...names].map((name) => {
      const values = measurements.flatMap((measurement) => measurement[name] ?? []);
      return [name, spread(values).median];
    }),
  );
}

/** A step with the figures of the table alone. */
function shown({ requestsPerSecond, measurement }: SweepStep): SweepStep {
  const figures = SHOWN.flatMap((name) => {
    const value = measurement[name];
    return value === undefined ? [] : [[name, value]];
  });
  return { requestsPerSecond, measurement: Object.fromEntries(figures) };
}

function goodputOf({ measurement }: SweepStep): number {
  return measurement.deliveriesPerSecond ?? 0;
}

function pointOf(step: SweepStep) {
  return { requestsPerSecond: step.requestsPerSecond, goodput: goodputOf(step) };
}

function describeSteps(steps: readonly SweepStep[]): string {
  const heads = ["requests/s offered", ...SHOWN.map((figure) => FIGURES[figure].title)];
  const lines = steps.map(({ requestsPerSecond, measurement }) => [
    whole(requestsPerSecond),
    ...SHOWN.map((figure) => cell(measurement[figure])),
  ]);
  return table([heads, ...lines]);
}

function cell(value: number | undefined): string {
  return value === undefined ? "-" : short(value);
}
