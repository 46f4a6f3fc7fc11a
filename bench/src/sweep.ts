/**
 * The sweep: offers more and more until what comes out no longer follows, which is the knee; then three times as much,
 * to see whether the server sheds what is too much, or collapses.
 */
import { writeFileSync } from "node:fs";
import { FIGURES, type FigureName, type Measurement } from "./figures.js";
import { describeMachine, readVersions } from "./machine.js";
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
/** The load generator that costs least, so that the server is what gives in. */
const PEER = "ours-lean";
const FIRST_RATE = 1_000;
const MOST_STEPS = 14;
/** The server's own default. */
const TTL_MS = 5_000;
const OVERLOAD = 3;
/** What must still come out at three times the knee, of the best. */
const GOODPUT_GOAL = 0.8;
/** What the server's memory may grow by from the knee to three times as much; a multiple, and a floor for noise. */
const MEMORY_GOAL = 2;

interface Step {
  readonly requestsPerSecond: number;
  readonly measurement: Measurement;
}

/** Runs it, and prints a line per rate. Sets the exit code to 1 if a sample failed. */
export async function runSweep(options: Options): Promise<void> {
  const date = new Date().toISOString();
  const work = findWork(WORK) as OpenWork;
  const peer = findPeer(PEER);
  const [machine, versions] = [describeMachine(), readVersions(new Set([peer]))];
  const perRequest = deliveriesPerRequest(work.shape);

  const take = (requestsPerSecond: number) => takeStep(peer, work, requestsPerSecond, options);
  const steps = [await take(FIRST_RATE)];
  while (steps.length < MOST_STEPS && !isKnee(steps.map(pointOf), perRequest)) {
    steps.push(await take(nextRate(steps.map(pointOf), perRequest)));
  }
  const best = steps.reduce((a, b) => (goodputOf(b) > goodputOf(a) ? b : a));
  const knee = Math.round(goodputOf(best) / perRequest);
  const overload = await take(knee * OVERLOAD);

  console.log(`${WORK} with ${peer.title}, TTL ${TTL_MS} ms, medians of ${options.rounds}\n`);
  console.log(describeSteps([...steps, overload]));
  const goodput = goodputOf(overload) / goodputOf(best);
  const memory = (overload.measurement.serverRssMiB ?? 0) / (best.measurement.serverRssMiB ?? 1);
  const holds = goodput >= GOODPUT_GOAL && memory <= MEMORY_GOAL;
  console.log(
    `\nknee ${whole(knee)} requests/s; at ${OVERLOAD} times the knee goodput ${short(goodput)} of the best ` +
      `(goal >= ${GOODPUT_GOAL}), memory ${short(memory)} of that at the best (goal <= ${MEMORY_GOAL}): ` +
      (holds ? "holds" : "MISSED"),
  );
  if (options.json === undefined) return;
  const report = {
    date,
    machine,
    versions,
    work: WORK,
    peer: PEER,
    knee,
    goodput,
    memory,
    holds,
    steps,
    overload,
  };
  writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
}

/** Takes the samples of one rate. Of the figures of those that did not fail, the medians. */
async function takeStep(
  peer: Peer,
  work: OpenWork,
  requestsPerSecond: number,
  { rounds, warmupMs, measureMs }: Options,
): Promise<Step> {
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

function goodputOf({ measurement }: Step): number {
  return measurement.deliveriesPerSecond ?? 0;
}

function pointOf(step: Step) {
  return { requestsPerSecond: step.requestsPerSecond, goodput: goodputOf(step) };
}

const SHOWN: readonly FigureName[] = [
  ...([
    "deliveriesPerSecond",
    "requestsPerSecond",
    "shedPerSecond",
    "unansweredPerSecond",
    "lostPerSecond",
  ] as const),
  ...(["p50Ms", "p99Ms", "sendLateP99Ms", "serverRssMiB", "serverCores", "clientCores"] as const),
];

function describeSteps(steps: readonly Step[]): string {
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
