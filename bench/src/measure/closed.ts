/** Measures a closed loop: the rate and the CPU cost of the server. */
import { ClosedLoop } from "../closed-loop.js";
import type { Measurement } from "../figures.js";
import { costBetween, readMeter } from "../meter.js";
import { ResultPayloads } from "../payload.js";
import { openPending } from "../pending.js";
import { deliveriesPerRequest } from "../shape.js";
import { StructPayloads } from "../struct-payload.js";
import type { ClosedWork } from "../work.js";
import { connectPeer, loadOf, STALL_MS, type Stage } from "./stage.js";

/** Registering on thousands of topics takes longer than on one. */
const CONNECT_MANY_TIMEOUT_MS = 60_000;

/** Takes one sample. */
export async function measureClosed(work: ClosedWork, stage: Stage): Promise<Measurement> {
  const { shape, topicCount = 1, pendingCount = 0, payload } = work;
  const { trial, serverPid } = stage;
  const Payloads = payload === "struct" ? StructPayloads : ResultPayloads;
  const payloads = new Payloads(shape.payloadBytes);
  const loop = new ClosedLoop(shape, payloads, trial.fail);
  const load = loadOf(shape, payloads, trial, {
    topics: Array.from({ length: topicCount }, (_, index) => `bench.topic.${index}`),
    accepted: (sequence) => loop.accepted(sequence),
    delivered: (listener, bytes, start, end) => loop.delivered(listener, bytes, start, end),
  });
  const send = await connectPeer(stage, load, CONNECT_MANY_TIMEOUT_MS);
  if (pendingCount > 0) await openPending(stage.address, pendingCount, trial);
  loop.start(send);
  await trial.pause(stage.warmupMs);
  const [begin, before] = [readMeter(serverPid), loop.completedCount];
  await trial.pause(stage.measureMs);
  const [end, after] = [readMeter(serverPid), loop.completedCount];
  await trial.wait(loop.stop(), STALL_MS, () => `requests did not complete: ${loop.describeOutstanding()}`);
  loop.checkTotals();
  const requestCount = after - before;
  if (requestCount === 0) throw new Error("no request completed in the measured time");
  const cost = costBetween(begin, end, requestCount * deliveriesPerRequest(shape));
  return { ...cost, requestCount, verifiedCount: loop.verifiedCount };
}
