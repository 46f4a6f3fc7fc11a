/** Measures an open loop: how long requests take at a fixed rate, and what becomes of them beyond what is possible. */
import { ClosedLoop } from "../closed-loop.js";
import type { Measurement } from "../figures.js";
import { costBetween, readMeter } from "../meter.js";
import { OpenLoop } from "../open-loop.js";
import { pace } from "../pacer.js";
import { ResultPayloads } from "../payload.js";
import type { Send } from "../peer.js";
import { processRssBytes } from "../process-memory.js";
import { percentile } from "../statistics.js";
import type { OpenWork } from "../work.js";
import { connectPeer, loadOf, STALL_MS, type Stage } from "./stage.js";

/** Time at the rate itself before the measurement, in milliseconds, unless it is to find its balance first. */
const SETTLE_MS = 500;
/** Percentiles need more requests than a rate does. */
const MEASURE_FACTOR = 2;
const LOOK_MS = 100;
const MIB = 1024 ** 2;

/** Takes one sample. */
export async function measureOpen(work: OpenWork, stage: Stage): Promise<Measurement> {
  const { shape, requestsPerSecond, ttlMs, mayShed = false } = work;
  const { trial, serverPid, warmupMs } = stage;
  const payloads = new ResultPayloads(shape.payloadBytes);
  const warmup = new ClosedLoop(shape, payloads, trial.fail);
  const loop = new OpenLoop(shape, payloads, trial.fail, () => performance.now());
  let heard: ClosedLoop | OpenLoop = warmup;
  const load = loadOf(shape, payloads, trial, {
    accepted: (sequence) => heard.accepted(sequence),
    delivered: (listener, bytes, start, end) => heard.delivered(listener, bytes, start, end),
    ...(ttlMs !== undefined && { ttlMs }),
    ...(mayShed && {
      shed: (sequence: number) => loop.shed(sequence),
      lost: (count: number) => loop.lost(count),
    }),
  });
  const send = await connectPeer(stage, load);

  await warmUp(warmup, send, stage);
  heard = loop;
  const measureMs = stage.measureMs * MEASURE_FACTOR;
  const settleMs = mayShed ? warmupMs : SETTLE_MS;
  const beginAt = performance.now() + settleMs;
  const endAt = beginAt + measureMs;
  const delays: number[] = [];
  const paced = pace(requestsPerSecond, endAt, (sequence, dueAt) => {
    delays.push(performance.now() - dueAt);
    loop.begin(sequence, dueAt);
    send(sequence);
  });
  paced.catch(trial.fail);
  await trial.pause(settleMs);
  const before = countsOf(loop);
  const begin = readMeter(serverPid);
  let rssBytes = 0;
  while (performance.now() < endAt) {
    await trial.pause(Math.min(LOOK_MS, Math.max(0, endAt - performance.now())));
    rssBytes = Math.max(rssBytes, processRssBytes(serverPid));
  }
  const end = readMeter(serverPid);
  const after = countsOf(loop);
  await trial.wait(paced, STALL_MS, () => "the requests could not be sent in time");
  if (!mayShed) {
    const late = () => `${loop.outstandingCount} requests never ended`;
    await trial.wait(emptied(loop), STALL_MS, late);
    loop.checkTotals();
  }

  const latencies = loop.latenciesBetween(beginAt, endAt);
  const perSecond = (name: keyof typeof before) =>
    ((after[name] - before[name]) / (end.at - begin.at)) * 1000;
  return {
    ...costBetween(begin, end, after.delivered - before.delivered),
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    sendLateP99Ms: percentile(delays, 0.99),
    requestsPerSecond: perSecond("completed"),
    shedPerSecond: perSecond("shed"),
    lostPerSecond: perSecond("lost"),
    // What was sent before the measured time may end within it.
    unansweredPerSecond: Math.max(0, perSecond("sent") - perSecond("completed") - perSecond("shed")),
    serverRssMiB: rssBytes / MIB,
    requestCount: latencies.length,
    verifiedCount: loop.verifiedCount,
  };
}

/** So few requests as an open loop sends would leave most code uncompiled, which no server that runs for a minute has. */
async function warmUp(loop: ClosedLoop, send: Send, { trial, warmupMs }: Stage): Promise<void> {
  loop.start(send);
  await trial.pause(warmupMs);
  await trial.wait(loop.stop(), STALL_MS, () => `requests never ended: ${loop.describeOutstanding()}`);
}

function countsOf(loop: OpenLoop) {
  return {
    completed: loop.completedCount,
    delivered: loop.deliveredCount,
    shed: loop.shedCount,
    lost: loop.lostCount,
    sent: loop.sentCount,
  };
}

async function emptied(loop: OpenLoop): Promise<void> {
  while (loop.outstandingCount > 0) await new Promise(setImmediate);
}
