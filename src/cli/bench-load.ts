/**
 * The load of `bench`: producers, listeners and a requester, each on a connection of its own, on topics that nobody
 * else uses.
 */
import { randomUUID } from "node:crypto";
import { createClient, type DispatcherClient, DispatcherError, type Listener } from "ate-dispatcher-client";
import { type BenchFigures, BenchTally } from "./bench-tally.js";
import { orStop, pause } from "./time.js";

/** What is to be done. */
export interface BenchLoad {
  readonly address: string;
  readonly topicCount: number;
  readonly producerCount: number;
  readonly listenerCount: number;
  readonly requestCount: number;
  /** Requests outstanding at a time; without a rate. */
  readonly window: number;
  /** Requests per second, whatever becomes of them. */
  readonly rate: number | undefined;
  /** Bytes of an answer; at least 4. */
  readonly payloadBytes: number;
  readonly ttlMs: number;
}

/** grpc-js otherwise lets all channels of a process to one address share a connection. */
const OWN_CONNECTION = { "grpc.use_local_subchannel_pool": 1 };
const CLOSE_MS = 500;
/** How long after its TTL a request is waited for: results that were on time may still be on their way. */
const SLACK_MS = 1_000;
const NUMBER_BYTES = 4;

/** Runs it. A signal ends it early, with the figures so far. Throws what keeps a producer or listener from connecting. */
export async function runBenchLoad(load: BenchLoad, stop: AbortSignal): Promise<BenchFigures> {
  const clients: DispatcherClient[] = [];
  const connect = () => {
    const client = createClient({ address: load.address, channelOptions: OWN_CONNECTION });
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
      connect().createProducer({ topics, handler: ({ data }) => answer(data, load.payloadBytes) }),
    );
    await orStop(Promise.all([...listeners, ...producers].map((session) => session.ready())), stop);
    await makeRequests(connect(), topics, load, tally, stop);
    return tally.figures();
  } finally {
    await Promise.all(clients.map((client) => client.close({ graceMs: CLOSE_MS })));
  }
}

function connectListener(client: DispatcherClient, topics: readonly string[], tally: BenchTally): Listener {
  return client.createListener({
    topics,
    onResult: ({ data }) => {
      if (data !== undefined) tally.heard(numberOf(data), performance.now());
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
  const request = tally.begin(dueAt);
  const data = Buffer.alloc(NUMBER_BYTES);
  data.writeUInt32LE(request);
  requester.dispatch(topics[request % topics.length] as string, { data, ttlMs }).then(
    () => tally.accepted(request, performance.now()),
    (error: unknown) => {
      const { reason, code } = DispatcherError.from(error);
      tally.failed(request, reason || `code ${code}`);
    },
  );
}

/** Sends all requests, in a window or at a rate, and waits until they have ended or cannot end any more. */
async function makeRequests(
  requester: DispatcherClient,
  topics: readonly string[],
  load: BenchLoad,
  tally: BenchTally,
  stop: AbortSignal,
): Promise<void> {
  const { requestCount, rate, window } = load;
  const send = (dueAt: number) => dispatch(requester, topics, load, tally, dueAt);
  const isAllSent = () => tally.requestCount === requestCount || stop.aborted;
  const beganAt = performance.now();
  const over = new Promise<void>((resolve) => {
    tally.begun(beganAt, () => {
      if (rate === undefined && !isAllSent()) send(performance.now());
      else if (isAllSent() && tally.outstandingCount === 0) resolve();
    });
  });
  if (rate !== undefined) {
    const dueAt = () => beganAt + (tally.requestCount / rate) * 1_000;
    // One that is behind is sent at once, and none is left out.
    while (!isAllSent()) {
      while (!isAllSent() && dueAt() <= performance.now()) send(dueAt());
      if (!isAllSent()) await pause(Math.max(1, Math.floor(dueAt() - performance.now())), stop);
    }
  } else {
    for (let count = 0; count < Math.min(window, requestCount); count++) send(performance.now());
  }
  await untilOver(over, load, tally, stop);
}

/** Waits as long as requests end; those that do not within their TTL will not. */
async function untilOver(
  over: Promise<void>,
  { ttlMs }: BenchLoad,
  tally: BenchTally,
  stop: AbortSignal,
): Promise<void> {
  for (let before = -1; before !== tally.endedCount && tally.outstandingCount > 0 && !stop.aborted; ) {
    before = tally.endedCount;
    await Promise.race([over, pause(ttlMs + SLACK_MS, stop)]);
  }
}

/** An answer begins with the number of its request; what follows is its own. */
function answer(request: Uint8Array, byteLength: number): Uint8Array {
  const bytes = Buffer.alloc(byteLength);
  bytes.set(request.subarray(0, NUMBER_BYTES));
  return bytes;
}

function numberOf(data: Uint8Array): number {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).readUInt32LE();
}
