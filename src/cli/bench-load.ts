/**
 * Generates the load of `bench`: producers, listeners and a requester, each with its own connection, on topics that no
 * one else uses.
 */
import { randomUUID } from "node:crypto";
import { type DispatcherClient, DispatcherError, type Listener } from "ate-dispatcher-client";
import { type BenchFigures, BenchTally } from "./bench-tally.js";
import { type SecureOptions, secureClient } from "./secure-options.js";
import { orStopped, pause } from "./time.js";

/** The parameters of a load. */
export interface BenchLoad {
  readonly address: string;
  /** TLS and token of each connection. */
  readonly secure: SecureOptions;
  readonly topicCount: number;
  readonly producerCount: number;
  readonly listenerCount: number;
  readonly requestCount: number;
  /** The number of pending requests; used if there is no rate. */
  readonly window: number;
  /** Requests per second, independent of how fast they complete; undefined to use the window. */
  readonly rate: number | undefined;
  /** The size of each result, in bytes; at least 4. */
  readonly payloadBytes: number;
  readonly ttlMs: number;
}

/** By default, grpc-js shares one connection between all channels of a process to the same address. */
const OWN_CONNECTION = { "grpc.use_local_subchannel_pool": 1 };
const CLOSE_GRACE_MS = 500;
/** How long to wait after a TTL, in milliseconds: results in time may still be on their way to the listeners. */
const DELIVERY_SLACK_MS = 1_000;
/** Each payload starts with the number of its request. */
const REQUEST_NUMBER_BYTES = 4;

/**
 * Runs a load.
 *
 * @param stop - ends the run early, with the figures so far.
 * @throws DispatcherError if a producer or listener cannot connect.
 */
export async function runBenchLoad(load: BenchLoad, stop: AbortSignal): Promise<BenchFigures> {
  const clients: DispatcherClient[] = [];
  const connect = () => {
    const client = secureClient(load.address, load.secure, { channelOptions: OWN_CONNECTION });
    clients.push(client);
    return client;
  };
  const prefix = `ate-dispatcher.bench.${randomUUID()}`;
  const topics = Array.from({ length: load.topicCount }, (_, index) => `${prefix}.${index}`);
  const tally = new BenchTally(load.producerCount * load.listenerCount);
  try {
    const listeners = Array.from({ length: load.listenerCount }, () =>
      connectListener(connect(), topics, tally),
    );
    const producers = Array.from({ length: load.producerCount }, () =>
      connect().createProducer({ topics, handler: ({ data }) => resultFor(data, load.payloadBytes) }),
    );
    await orStopped(Promise.all([...listeners, ...producers].map((session) => session.ready())), stop);
    await sendRequests(connect(), topics, load, tally, stop);
    return tally.figures();
  } finally {
    await Promise.all(clients.map((client) => client.close({ graceMs: CLOSE_GRACE_MS })));
  }
}

function connectListener(client: DispatcherClient, topics: readonly string[], tally: BenchTally): Listener {
  return client.createListener({
    topics,
    onResult: ({ data }) => {
      if (data !== undefined) tally.delivered(requestNumberOf(data), performance.now());
    },
    onGap: ({ lostCount }) => tally.lost(Number(lostCount)),
  });
}

function dispatch(
  requester: DispatcherClient,
  topics: readonly string[],
  { ttlMs }: BenchLoad,
  tally: BenchTally,
  dueAt: number,
): void {
  const request = tally.sent(dueAt);
  const data = Buffer.alloc(REQUEST_NUMBER_BYTES);
  data.writeUInt32LE(request);
  requester.dispatch(topics[request % topics.length] as string, { data, ttlMs }).then(
    () => tally.accepted(request, performance.now()),
    (error: unknown) => {
      const { reason, code } = DispatcherError.from(error);
      tally.failed(request, reason || `code ${code}`);
    },
  );
}

/** Sends all requests, with a window or at a rate, and waits until they have completed or can no longer complete. */
async function sendRequests(
  requester: DispatcherClient,
  topics: readonly string[],
  load: BenchLoad,
  tally: BenchTally,
  stop: AbortSignal,
): Promise<void> {
  const { requestCount, rate, window } = load;
  const send = (dueAt: number) => dispatch(requester, topics, load, tally, dueAt);
  const isAllSent = () => tally.requestCount === requestCount || stop.aborted;
  const startedAt = performance.now();
  const completed = new Promise<void>((resolve) => {
    tally.start(startedAt, () => {
      if (rate === undefined && !isAllSent()) send(performance.now());
      else if (isAllSent() && tally.outstandingCount === 0) resolve();
    });
  });
  if (rate !== undefined) {
    const dueAt = () => startedAt + (tally.requestCount / rate) * 1_000;
    // A request that is overdue is sent at once. None is skipped.
    while (!isAllSent()) {
      while (!isAllSent() && dueAt() <= performance.now()) send(dueAt());
      if (!isAllSent()) await pause(Math.max(1, Math.floor(dueAt() - performance.now())), stop);
    }
  } else {
    for (let count = 0; count < Math.min(window, requestCount); count++) send(performance.now());
  }
  await waitForEnd(completed, load, tally, stop);
}

/** Waits as long as requests keep completing. Gives up when none has completed for a whole TTL. */
async function waitForEnd(
  completed: Promise<void>,
  { ttlMs }: BenchLoad,
  tally: BenchTally,
  stop: AbortSignal,
): Promise<void> {
  for (let before = -1; before !== tally.endedCount && tally.outstandingCount > 0 && !stop.aborted; ) {
    before = tally.endedCount;
    await Promise.race([completed, pause(ttlMs + DELIVERY_SLACK_MS, stop)]);
  }
}

/** Creates a result that starts with the number of its request and is filled with zeros. */
function resultFor(request: Uint8Array, byteLength: number): Uint8Array {
  const bytes = Buffer.alloc(byteLength);
  bytes.set(request.subarray(0, REQUEST_NUMBER_BYTES));
  return bytes;
}

function requestNumberOf(data: Uint8Array): number {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).readUInt32LE();
}
