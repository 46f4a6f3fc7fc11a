/**
 * The sweep: offers more and more until what comes out no longer follows, which is the knee; then three times as much,
 * to see whether the server sheds what is too much, or collapses.
 */
import { writeFileSync } from "node:fs";
import type { Measurement } from "./figures.js";
import { describeMachine, readVersions } from "./machine.js";
import type { Options } from "./options.js";
import type { Peer } from "./peer.js";
import { findPeer } from "./peers.js";
import { takeSample } from "./sample.js";
import { deliveriesPerRequest } from "./shape.js";
import { isKnee, nextRate } from "./sweep-rates.js";
import { short, table, whole } from "./table.js";
import type { OpenWork } from "./work.js";
import { findWork } from "./works.js";

const WORK = "open 4x4/128";
/** The load generator that costs least, so that the server is what gives in. */
const PEER = "ours-lean";
const FIRST_RATE = 1_000;
const MOST_STEPS = 12;
const OVERLOAD = 3;
/** What must still come out at three times the knee, of the best. */
const GOODPUT_GOAL = 0.8;
/** What the server's memory may grow by from the knee to three times as much; a multiple, and a floor for noise. */
const MEMORY_GOAL = 2;

interface Step {
  readonly requestsPerSecond: number;
  readonly measurement: Measurement;
}

/** Runs it, and prints a line per rate. Sets the exit code to 1 if the server did not bear the overload. */
export async function runSweep({ warmupMs, measureMs, json }: Options): Promise<void> {
  const date = new Date().toISOString();
  const work = findWork(WORK) as OpenWork;
  const peer = findPeer(PEER);
  const [machine, versions] = [describeMachine(), readVersions(new Set([peer]))];
  const perRequest = deliveriesPerRequest(work.shape);
  const step = async (requestsPerSecond: number): Promise<Step> => {
    const measurement = await measureAt(peer, work, { requestsPerSecond, warmupMs, measureMs });
    const rate = measurement.deliveriesPerSecond ?? 0;
    console.error(`${whole(requestsPerSecond)} requests/s offered: ${whole(rate)} deliveries/s`);
    return { requestsPerSecond, measurement };
  };

  const steps = [await step(FIRST_RATE)];
  while (steps.length < MOST_STEPS && !isKnee(steps.map(pointOf), perRequest)) {
    steps.push(await step(nextRate(steps.map(pointOf), perRequest)));
  }
  const best = steps.reduce((a, b) => (goodputOf(b) > goodputOf(a) ? b : a));
  const knee = Math.round(goodputOf(best) / perRequest);
  const overload = await step(knee * OVERLOAD);

  console.log(
    `${WORK} with ${peer.title}: ${work.shape.producers} producers, ${work.shape.listeners} listeners\n`,
  );
  console.log(describeSteps([...steps, overload]));
  const goodput = goodputOf(overload) / goodputOf(best);
  const memory = (overload.measurement.serverRssMiB ?? 0) / (best.measurement.serverRssMiB ?? 1);
  const holds = goodput >= GOODPUT_GOAL && memory <= MEMORY_GOAL;
  console.log(
    `\nknee ${whole(knee)} requests/s; at ${OVERLOAD} times the knee goodput ${short(goodput)} of the best ` +
      `(goal >= ${GOODPUT_GOAL}), memory ${short(memory)} of that at the best (goal <= ${MEMORY_GOAL}): ` +
      (holds ? "holds" : "MISSED"),
  );
  if (json === undefined) return;
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
  writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
}

async function measureAt(
  peer: Peer,
  work: OpenWork,
  options: { requestsPerSecond: number; warmupMs: number; measureMs: number },
): Promise<Measurement> {
  return await takeSample(peer, work, options);
}

function goodputOf({ measurement }: Step): number {
  return measurement.deliveriesPerSecond ?? 0;
}

function pointOf(step: Step) {
  return { requestsPerSecond: step.requestsPerSecond, goodput: goodputOf(step) };
}

function describeSteps(steps: readonly Step[]): string {
  const heads = ["requests/s offered", "deliveries/s", "ended/s", "refused/s", "lost/s", "p50 ms", "p99 ms"];
  const rest = ["sent late p99 ms", "RSS MiB", "server cores", "client cores"];
  const lines = steps.map(({ requestsPerSecond, measurement: m }) => [
    whole(requestsPerSecond),
    ...[m.deliveriesPerSecond, m.requestsPerSecond, m.shedPerSecond, m.lostPerSecond, m.p50Ms, m.p99Ms].map(
      cell,
    ),
    ...[m.sendLateP99Ms, m.serverRssMiB, m.serverCores, m.clientCores].map(cell),
  ]);
  return table([[...heads, ...rest], ...lines]);
}

function cell(value: number | undefined): string {
  return value === undefined ? "-" : short(value);
}
