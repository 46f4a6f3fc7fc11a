/** Measures the memory that idle listeners cost the server. */
import { credentials } from "@grpc/grpc-js";
import { DispatcherServiceClient, ListenRequest, type ListenResponse } from "ate-dispatcher-client/internal";
import type { Measurement } from "../figures.js";
import { OWN_CONNECTION } from "../own-connection.js";
import type { IdleWork } from "../work.js";
import type { Stage } from "./stage.js";

const OPEN_TIMEOUT_MS = 60_000;
/** Opened before the first snapshot, so that code and buffers that any server needs are not counted. */
const FIRST_COUNT = 100;
/** Streams that are opened at a time. */
const WINDOW = 100;
/** Time for the server to release what it needed only to open the streams. */
const SETTLE_MS = 500;
const KB = 1000;

/** Takes one sample. */
export async function measureIdle(work: IdleWork, stage: Stage): Promise<Measurement> {
  const { streamCount, streamsPerConnection } = work;
  const { trial } = stage;
  const open = (count: number) =>
    trial.wait(
      openListeners(stage, count, streamsPerConnection),
      OPEN_TIMEOUT_MS,
      () => `${count} streams could not be opened in time`,
    );
  await open(FIRST_COUNT);
  await trial.pause(SETTLE_MS);
  const before = await stage.takeSnapshot();
  await open(streamCount);
  await trial.pause(SETTLE_MS);
  const after = await stage.takeSnapshot();
  return {
    rssKbPerStream: (after.rssBytes - before.rssBytes) / streamCount / KB,
    heapKbPerStream: (after.heapBytes - before.heapBytes) / streamCount / KB,
  };
}

async function openListeners(
  { address, trial }: Stage,
  count: number,
  streamsPerConnection: number,
): Promise<void> {
  let client: DispatcherServiceClient | undefined;
  let left = 0;
  for (let begin = 0; begin < count; begin += WINDOW) {
    const opened = Array.from({ length: Math.min(WINDOW, count - begin) }, () => {
      if (client === undefined || left === 0) {
        client = new DispatcherServiceClient(address, credentials.createInsecure(), OWN_CONNECTION);
        left = streamsPerConnection;
      }
      left--;
      return openListener(client, trial.fail);
    });
    await Promise.all(opened);
  }
}

function openListener(client: DispatcherServiceClient, fail: (error: unknown) => void): Promise<void> {
  const call = client.listen(ListenRequest.fromPartial({ topics: ["bench.idle"] }));
  call.on("error", fail);
  return new Promise((ready) => {
    call.on("data", ({ events }: ListenResponse) => {
      if (events.some(({ event }) => event?.$case === "ready")) ready();
    });
  });
}
