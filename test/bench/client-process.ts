/**
 * The client process of a sample: hosts the requester, the producers and the listeners, keeps the loop going through
 * warm-up and measurement, waits for every outstanding request, and sends one answer to the runner.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientAnswer, ClientJob, Measurement } from "./client-job.js";
import { ClosedLoop } from "./closed-loop.js";
import type { Load, Peer } from "./peer.js";
import { findPeer } from "./peers.js";
import { machineCpuMs, processCpuMs } from "./process-cpu.js";
import { deliveriesPerRequest, findShape, type Shape } from "./shape.js";

const CONNECT_TIMEOUT_MS = 15_000;
/** A healthy request takes milliseconds: one that takes this long is lost. Below the TTL of {@link Load}. */
const STALL_MS = 5_000;
const TTL_MS = 10_000;

async function measure(job: ClientJob, peer: Peer, shape: Shape): Promise<Measurement> {
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // It may fail while nobody awaits it; the next race finds out.
  failed.catch(() => {});
  const loop = new ClosedLoop(shape, (error) => fail(error));
  const load: Load = {
    shape,
    topic: "bench.topic",
    ttlMs: TTL_MS,
    accepted: (sequence) => loop.accepted(sequence),
    delivered: (listener, bytes, start, end) => loop.delivered(listener, bytes, start, end),
    failed: (error) => fail(error instanceof Error ? error : new Error(String(error))),
  };
  const orLate = async <T>(work: Promise<T>, limitMs: number, what: () => string): Promise<T> => {
    const late = sleep(limitMs, undefined, { ref: false }).then(() => {
      throw new Error(what());
    });
    return await Promise.race([work, failed, late]);
  };

  const connecting = peer.connect(job.address, load);
  const send = await orLate(connecting, CONNECT_TIMEOUT_MS, () => "the participants did not connect in time");
  loop.start(send);
  await Promise.race([sleep(job.warmupMs), failed]);
  const begin = reading(job.serverPid, loop);
  await Promise.race([sleep(job.measureMs), failed]);
  const end = reading(job.serverPid, loop);
  await orLate(loop.stop(), STALL_MS, () => `requests never ended: ${loop.describeOutstanding()}`);
  loop.checkTotals();
  if (end.requests === begin.requests) throw new Error("no request ended in the measured time");

  const requestCount = end.requests - begin.requests;
  const measuredMs = end.at - begin.at;
  const deliveries = requestCount * deliveriesPerRequest(shape);
  const serverCpuMs = end.serverCpuMs - begin.serverCpuMs;
  const clientCpuMs = end.clientCpuMs - begin.clientCpuMs;
  const otherCpuMs = end.machineCpuMs - begin.machineCpuMs - serverCpuMs - clientCpuMs;
  return {
    deliveriesPerSecond: (deliveries / measuredMs) * 1000,
    serverCpuUsPerDelivery: orNull((serverCpuMs * 1000) / deliveries),
    serverCores: orNull(serverCpuMs / measuredMs),
    clientCores: clientCpuMs / measuredMs,
    otherCores: orNull(Math.max(0, otherCpuMs / measuredMs)),
    requestCount,
    measuredMs,
    verifiedCount: loop.verifiedCount,
  };
}

interface Reading {
  readonly at: number;
  readonly requests: number;
  readonly serverCpuMs: number;
  readonly clientCpuMs: number;
  readonly machineCpuMs: number;
}

function reading(serverPid: number, loop: ClosedLoop): Reading {
  const serverCpuMs = processCpuMs(serverPid);
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now(),
    requests: loop.completedCount,
    serverCpuMs,
    clientCpuMs: (user + system) / 1000,
    machineCpuMs: machineCpuMs(),
  };
}

/** JSON has no NaN. */
function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

async function answer(job: ClientJob): Promise<ClientAnswer> {
  try {
    return { ok: true, measurement: await measure(job, findPeer(job.peer), findShape(job.shape)) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

const job = JSON.parse(process.argv[2] ?? "") as ClientJob;
process.send?.(await answer(job), () => process.exit());
