/** The registry of works, in the order of the tables. */
import { findNamed } from "./named.js";
import type { Shape } from "./shape.js";
import type { ClosedWork, IdleWork, OpenWork, Work } from "./work.js";

const P4L4 = { producers: 4, listeners: 4, payloadBytes: 128, window: 64 };
const P1L1 = { producers: 1, listeners: 1, payloadBytes: 128, window: 256 };
const P16L16 = { producers: 16, listeners: 16, payloadBytes: 128, window: 16 };
const P4L4_LARGE = { ...P4L4, payloadBytes: 4096 };
/** The only listener is the requester. */
const GATHER_4 = { producers: 4, listeners: 1, payloadBytes: 128, window: 64 };

function closed(
  name: string,
  shape: Shape,
  peers: readonly string[],
  more?: Partial<ClosedWork>,
): ClosedWork {
  const { producers, listeners, payloadBytes, window } = shape;
  const title = `${producers} producers, ${listeners} listeners, ${payloadBytes} bytes, ${window} outstanding`;
  return { kind: "closed", name, title, shape, peers, ...more };
}

function open(shape: Shape, requestsPerSecond: number): OpenWork {
  const name = `open ${shape.producers}x${shape.listeners}/${shape.payloadBytes}`;
  const title = `${requestsPerSecond} requests/s, latency from the intended send time to the last delivery`;
  return { kind: "open", name, title, shape, requestsPerSecond, peers: ["ours", "nats"] };
}

function broadcast(listeners: number): ClosedWork {
  const shape = { producers: 1, listeners, payloadBytes: 128, window: 256 };
  const title = `one producer, bursts of 32 results, ${listeners} listeners, 128 bytes, 256 outstanding`;
  return closed(`broadcast ${listeners}`, shape, ["ours-broadcast", "grpc-batch", "http2"], { title });
}

function topics(topicCount: number): ClosedWork {
  const title = `4x4/128 on ${topicCount.toLocaleString("en-US")} topics, round robin`;
  return closed(`topics ${topicCount}`, P4L4, ["ours"], { title, topicCount });
}

function pending(pendingCount: number): ClosedWork {
  const title = `4x4/128 beside ${pendingCount.toLocaleString("en-US")} unanswered requests`;
  const settings = ["--max-outstanding", String(1_000_000), "--max-pending-requests", String(1_000_000)];
  return closed(`pending ${pendingCount}`, P4L4, ["ours"], { title, pendingCount, settings });
}

function growth(producers: number, listeners: number): ClosedWork {
  const shape = { producers, listeners, payloadBytes: 128, window: 64 };
  return closed(`${producers}x${listeners}/128`, shape, ["ours"]);
}

function idle(streamCount: number, streamsPerConnection: number): IdleWork {
  const name = `idle ${streamsPerConnection === 1 ? "own" : "shared"} ${streamCount}`;
  const on =
    streamsPerConnection === 1 ? "each on its own connection" : `${streamsPerConnection} per connection`;
  const title = `${streamCount.toLocaleString("en-US")} idle listeners, ${on}`;
  return { kind: "idle", name, title, peers: ["ours"], streamCount, streamsPerConnection, maxRounds: 2 };
}

/** All works. */
export const WORKS: readonly Work[] = [
  closed("4x4/128", P4L4, ["ours", "ours-lean", "ours-plain", "naive", "nats", "seed"]),
  closed("1x1/128", P1L1, ["ours", "ours-lean", "naive", "nats"]),
  closed("16x16/128", P16L16, ["ours", "ours-lean", "ours-plain", "naive", "nats"]),
  closed("4x4/4096", P4L4_LARGE, ["ours", "ours-lean", "naive", "nats"]),
  closed("4x4/4096 struct", P4L4_LARGE, ["ours-lean"], { payload: "struct" }),
  closed("gather 4", GATHER_4, ["ours-gather", "nats-request-many"], {
    title: "4 results of 128 bytes to the requester, 64 outstanding",
  }),
  broadcast(8),
  broadcast(64),
  open(P4L4, 300),
  open(P1L1, 1000),
  open(P16L16, 40),
  growth(1, 10),
  growth(10, 1),
  growth(10, 10),
  topics(100),
  topics(10_000),
  pending(100),
  pending(100_000),
  idle(1_000, 1),
  idle(5_000, 1),
  idle(1_000, 100),
  idle(5_000, 100),
  {
    kind: "ttl",
    name: "ttl 200000",
    title: "200,000 requests that expire, and results just before and just after their TTL",
    peers: ["ours"],
    pendingCount: 200_000,
    settings: ["--max-outstanding", String(1_000_000), "--max-pending-requests", String(1_000_000)],
    maxRounds: 3,
  },
  {
    kind: "stalled",
    name: "stalled 1 of 100",
    title: "1 producer, 100 listeners, 1024 bytes, 16 outstanding; then one listener stalls",
    peers: ["ours"],
    shape: { producers: 1, listeners: 99, payloadBytes: 1024, window: 16 },
    maxRounds: 3,
  },
];

/** Finds a work by its name. Throws if there is none. */
export function findWork(name: string): Work {
  return findNamed("work", WORKS, name);
}
