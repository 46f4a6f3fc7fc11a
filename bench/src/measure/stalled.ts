/** Measures whether a stalled listener slows the others down, and the memory that it costs the server. */
import { credentials } from "@grpc/grpc-js";
import { DispatcherServiceClient, ListenRequest, type ListenResponse } from "ate-dispatcher-client/internal";
import { ClosedLoop } from "../closed-loop.js";
import type { Measurement } from "../figures.js";
import { OWN_CONNECTION } from "../own-connection.js";
import { ResultPayloads } from "../payload.js";
import { deliveriesPerRequest } from "../shape.js";
import type { StalledWork } from "../work.js";
import { connectPeer, loadOf, STALL_MS, type Stage } from "./stage.js";

/** Time for the buffers between server and stalled listener to fill before the measurement. */
const FILL_MS = 2_000;
const MIB = 1024 ** 2;

/** Takes one sample. */
export async function measureStalled({ shape }: StalledWork, stage: Stage): Promise<Measurement> {
  const { trial, address } = stage;
  const payloads = new ResultPayloads(shape.payloadBytes);
  const loop = new ClosedLoop(shape, payloads, trial.fail);
  const load = loadOf(shape, payloads, trial, {
    accepted: (sequence) => loop.accepted(sequence),
    delivered: (listener, bytes, start, end) => loop.delivered(listener, bytes, start, end),
  });
  const send = await connectPeer(stage, load);
  const stalled = await openPausable(address, load.topics, trial.fail);
  const rate = async () => {
    const [at, count] = [performance.now(), loop.completedCount];
    await trial.pause(stage.measureMs);
    return ((loop.completedCount - count) / (performance.now() - at)) * 1000;
  };

  loop.start(send);
  await trial.pause(stage.warmupMs);
  const before = await rate();
  const snapshotBefore = await stage.takeSnapshot();
  stalled.pause();
  await trial.pause(FILL_MS);
  const after = await rate();
  const snapshotAfter = await stage.takeSnapshot();
  await trial.wait(loop.stop(), STALL_MS, () => `requests did not complete: ${loop.describeOutstanding()}`);
  loop.checkTotals();
  return {
    deliveriesPerSecond: after * deliveriesPerRequest(shape),
    othersRateRatio: after / before,
    rssGrowthMiB: Math.max(0, snapshotAfter.rssBytes - snapshotBefore.rssBytes) / MIB,
    requestCount: loop.completedCount,
    verifiedCount: loop.verifiedCount,
  };
}

/** A listener that reads until it is paused. */
async function openPausable(
  address: string,
  topics: readonly string[],
  fail: (error: unknown) => void,
): Promise<{ pause(): void }> {
  const client = new DispatcherServiceClient(address, credentials.createInsecure(), OWN_CONNECTION);
  const call = client.listen(ListenRequest.fromPartial({ topics }));
  call.on("error", fail);
  await new Promise<void>((ready) => {
    call.on("data", ({ events }: ListenResponse) => {
      if (events.some(({ event }) => event?.$case === "ready")) ready();
    });
  });
  return { pause: () => void call.pause() };
}
