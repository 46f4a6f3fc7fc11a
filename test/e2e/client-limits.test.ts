/**
 * The client against real servers with low limits: few streams on a connection, messages of 64 KiB, connections of a
 * short life.
 */
import { EventEmitter, once } from "node:events";
import { status } from "@grpc/grpc-js";
import { createClient, type DispatcherClient, type SessionStatus } from "ate-dispatcher-client";
import { expect, it, onTestFinished } from "vitest";
import { FaultyProxy } from "../conformance/faulty-proxy.js";
import { startServer } from "../support/in-process.js";

const STREAM_LIMIT = 4;
const LOWEST_MESSAGE_LIMIT = 64 * 1024;

/** 5,000 topics of 210 bytes: more than a megabyte. */
const TOPICS = Array.from({ length: 5_000 }, (_, n) => `t${n}.`.padEnd(210, "x"));
const LAST_TOPIC = TOPICS.at(-1) as string;

/** Fewer than the producer's window and backlog hold. */
const AT_A_TIME = 500;

function connect(address: string): DispatcherClient {
  const client = createClient({ address, reconnect: { initialDelayMs: 1, maxDelayMs: 20 } });
  onTestFinished(() => client.close({ graceMs: 0 }));
  return client;
}

/** Serves with the lowest message limit, also behind a proxy that can cut its connections. */
async function startLimited() {
  const { address } = await startServer({ maxMessageBytes: LOWEST_MESSAGE_LIMIT });
  const proxy = await FaultyProxy.open();
  proxy.connectTo(address);
  onTestFinished(() => proxy.close());
  const statuses = new EventTarget();
  const onStatus = ({ type }: SessionStatus) => void statuses.dispatchEvent(new Event(type));
  return {
    ...{ address, proxy, onStatus },
    /** Cuts all connections, and waits until a session is lost and live again. */
    async reconnect(peer: { ready(): Promise<void> }): Promise<void> {
      const lost = once(statuses, "disconnected");
      proxy.cut();
      await lost;
      await peer.ready();
    },
  };
}

it("a client with more streams than a connection admits serves and asks on all of them", async () => {
  const { address } = await startServer({ maxStreamsPerConnection: STREAM_LIMIT });
  const client = connect(address);
  const lost: SessionStatus[] = [];
  const onStatus = (change: SessionStatus) => void (change.type === "disconnected" && lost.push(change));
  const producers = Array.from({ length: 3 * STREAM_LIMIT }, (_, n) =>
    client.createProducer({ topics: ["topic1"], handler: () => n, onStatus }),
  );
  await Promise.all(producers.map((producer) => producer.ready()));

  const asked = Array.from({ length: 2 * STREAM_LIMIT }, async () => {
    const values: unknown[] = [];
    for await (const { value } of client.gather("topic1", { unary: true })) values.push(value);
    return values.length;
  });

  expect(await Promise.all(asked)).toEqual(Array(2 * STREAM_LIMIT).fill(producers.length));
  expect(lost).toEqual([]);
});

it("a producer with many topics comes back to a server with the lowest message limit", async () => {
  const { address, proxy, onStatus, reconnect } = await startLimited();
  const producer = connect(proxy.address).createProducer({
    topics: TOPICS,
    handler: ({ topic }) => topic,
    onStatus,
  });
  await producer.ready();
  await reconnect(producer);

  const requester = connect(address);
  for (const topic of [TOPICS[0] as string, LAST_TOPIC]) {
    const gather = requester.gather(topic);
    for await (const { value } of gather) expect(value).toBe(topic);
    expect((await gather.summary).answeredCount).toBe(1);
  }
});

it.each([
  ["many topics", TOPICS],
  ["a wildcard", [">"]],
])("a listener with %s and many cursors comes back to such a server", async (_, topics) => {
  const { address, proxy, onStatus, reconnect } = await startLimited();
  const other = connect(address);
  await other.createProducer({ topics: [">"], handler: ({ topic }) => topic }).ready();
  const listener = connect(proxy.address).createListener({ topics, onStatus });
  await listener.ready();
  const results = listener[Symbol.asyncIterator]();
  for (let at = 0; at < TOPICS.length; at += AT_A_TIME) {
    const some = TOPICS.slice(at, at + AT_A_TIME);
    await Promise.all(some.map((topic) => other.dispatch(topic)));
    for (const _topic of some) await results.next();
  }
  await reconnect(listener);

  await other.dispatch(LAST_TOPIC);

  const { value: result } = await results.next();
  expect([result?.value, result?.sequence]).toEqual([LAST_TOPIC, 2n]);
});

it("connections of a short life lose no gather and no session", async () => {
  const { address } = await startServer({
    maxConnectionAgeMs: 1_000,
    maxConnectionAgeGraceMs: 10_000,
    keepaliveTimeMs: 400,
    keepaliveTimeoutMs: 400,
  });
  const reasons = new Set<string>();
  const goings = new EventTarget();
  let goingCount = 0;
  const client = connect(address);
  const producer = client.createProducer({
    topics: ["topic1"],
    handler: () => "answered",
    onStatus(change) {
      if (change.type === "disconnected") reasons.add(change.error.reason);
      if (change.type === "goingAway" && ++goingCount === 2) goings.dispatchEvent(new Event("twice"));
    },
  });
  await producer.ready();
  let isOver = false;
  void once(goings, "twice").then(() => {
    isOver = true;
  });

  const missing: unknown[] = [];
  while (!isOver) {
    const gather = client.gather("topic1", { noProducersAction: "WAIT" });
    const { answeredCount, outcomes } = await gather.summary;
    if (answeredCount !== 1) missing.push(outcomes);
  }

  expect(missing).toEqual([]);
  expect([...reasons]).toEqual(["CONNECTION_AGE"]);
});

/** Resolves with the first loss of a session. */
function firstLoss() {
  const statuses = new EventEmitter();
  const lost = once(statuses, "disconnected") as Promise<[SessionStatus & { readonly type: "disconnected" }]>;
  return { lost, onStatus: (change: SessionStatus) => void statuses.emit(change.type, change) };
}

it("a producer that causes too many faults is disconnected, and waits before it comes back", async () => {
  const { address } = await startServer({ maxRegistrationsPerSession: 1 });
  const { lost, onStatus } = firstLoss();
  const producer = connect(address).createProducer({ topics: ["t"], handler: () => 1, onStatus });
  await producer.ready();
  // The server forgives 100 faults a second, so a slow machine needs more than 1,000.
  const refused = Array.from({ length: 3_000 }, (_, n) => producer.register(`t.${n}`));
  const settled = Promise.allSettled(refused);

  const [{ error, retryInMs }] = await lost;

  expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: "FAULT_LIMIT", retryable: true });
  expect(retryInMs).toBe(10_000);
  await producer.close({ graceMs: 0 });
  const reasons = (await settled).map((each) => (each.status === "rejected" ? each.reason.reason : "none"));
  expect(reasons.filter((reason) => reason === "REGISTRATION_LIMIT").length).toBeGreaterThanOrEqual(1_000);
  expect(new Set(reasons)).toEqual(new Set(["REGISTRATION_LIMIT", "CLOSED"]));
});

it("peers beyond the budget of bytes wait as the server says, and are live when there is room", async () => {
  const { address } = await startServer({ maxHeldBytes: 1_000_000, peerShare: 0 });
  const client = connect(address);
  const held = { data: Buffer.alloc(980_000), noProducersAction: "WAIT", unary: true } as const;
  const { requestId } = await client.dispatch("nobody", held);
  const full = { code: status.RESOURCE_EXHAUSTED, reason: "HELD_BYTES_LIMIT", retryDelayMs: 1_000 };
  await expect(client.dispatch("nobody", held)).rejects.toMatchObject(full);
  const [producing, listening] = [firstLoss(), firstLoss()];
  const { onStatus } = producing;
  const producer = client.createProducer({ topics: ["t"], handler: () => 1, onStatus });
  const listener = client.createListener({ topics: ["t"], onStatus: listening.onStatus });

  for (const { lost } of [producing, listening]) {
    const [{ error, retryInMs }] = await lost;
    expect(error).toMatchObject(full);
    expect(retryInMs).toBe(1_000);
  }

  await client.cancelRequest(requestId);
  await Promise.all([producer.ready(), listener.ready()]);
});
