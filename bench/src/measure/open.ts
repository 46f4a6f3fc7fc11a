/** Measures an open loop: latency at a fixed rate, and under overload what is shed, lost and unanswered. */
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

/** Time at the fixed rate before the measurement, in milliseconds; under overload the warm-up takes its place. */
const SETTLE_MS = 500;
/** Percentiles need more requests than rates do. */
const MEASURE_FACTOR = 2;
/** Period at which the server's memory is read, in milliseconds. */
const POLL_MS = 100;
const MIB = 1024 ** 2;

/** Takes one sample. */
export async function measureOpen(work: OpenWork, stage: Stage): Promise<Measurement> {
  const { shape, requestsPerSecond, ttlMs, mayShed = false } = work;
  const { trial, serverPid, warmupMs } = stage;
  const payloads = new ResultPayloads(shape.payloadBytes);
  const warmup = new ClosedLoop(shape, payloads, trial.fail);
  const loop = new OpenLoop(shape, payloads, trial.fail, () => performance.now());
  let receiver: ClosedLoop | OpenLoop = warmup;
  const load = loadOf(shape, payloads, trial, {
    accepted: (sequence) => receiver.accepted(sequence),
    delivered: (listener, bytes, start, end) => receiver.delivered(listener, bytes, start, end),
    ...(ttlMs !== undefined && { ttlMs }),
    ...(mayShed && {
      shed: (sequence: number) => loop.shed(sequence),
      lost: (count: number) => loop.lost(count),
    }),
  });
  const send = await connectPeer(stage, load);

  await warmUp(warmup, send, stage);
  receiver = loop;
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
    await trial.pause(Math.min(POLL_MS, Math.max(0, endAt - performance.now())));
    rssBytes = Math.max(rssBytes, processRssBytes(serverPid));
  }
  const end = readMeter(serverPid);
  const after = countsOf(loop);
  await trial.wait(paced, STALL_MS, () => "the requests were not sent in time");
  if (!mayShed) {
    const late = () => `${loop.outstandingCount} requests did not complete`;
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
    sendDelayP99Ms: percentile(delays, 0.99),
    requestsPerSecond: perSecond("completed"),
    shedPerSecond: perSecond("shed"),
    lostPerSecond: perSecond("lost"),
    // Requests sent before the measured time may complete within it.
    unansweredPerSecond: Math.max(0, perSecond("sent") - perSecond("completed") - perSecond("shed")),
    serverRssMiB: rssBytes / MIB,
    requestCount: latencies.length,
    verifiedCount: loop.verifiedCount,
  };
}

/** Warms up with a closed loop: an open loop sends too few requests for V8 to compile the hot code. */
async function warmUp(loop: ClosedLoop, send: Send, { trial, warmupMs }: Stage): Promise<void> {
  loop.start(send);
  await trial.pause(warmupMs);
  await trial.wait(loop.stop(), STALL_MS, () => `requests did not complete: ${loop.describeOutstanding()}`);
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
