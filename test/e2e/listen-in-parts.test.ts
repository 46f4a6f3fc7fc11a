/**
 * Listeners whose topics and cursors do not fit into one message: they open in parts on Subscribe, and resume exactly.
 */
import { type Cursor, GapReason } from "ate-dispatcher-client/internal";
import { describe, expect, it } from "vitest";
import { startServer, useServer } from "../support/in-process.js";
import { connect, type ListenStream, type SubscribeStream, type WireClient } from "../support/wire-client.js";

const server = useServer({ retainedMs: 600_000 });
/** Topics and cursors of one part: together at most 64 KiB, which every server accepts. */
const PER_PART = 120;

interface Opening {
  readonly listenerId: string;
  readonly topics: readonly string[];
  readonly resumeFrom?: readonly Cursor[];
  readonly bufferBytes?: number;
}

/** Opens a Subscribe stream in as many parts as needed. */
function openInParts(client: WireClient, opening: Opening): SubscribeStream {
  const { topics, resumeFrom = [], ...options } = opening;
  const stream = client.subscribe();
  stream.send({ $case: "listen", value: { ...options, cursorsFollow: true } });
  const count = Math.ceil(Math.max(topics.length, resumeFrom.length) / PER_PART);
  for (let i = 0; i < count; i++) {
    const [from, to] = [i * PER_PART, (i + 1) * PER_PART];
    const value = {
      addTopics: topics.slice(from, to),
      resumeFrom: resumeFrom.slice(from, to),
      cursorsFollow: i < count - 1,
    };
    stream.send({ $case: "update", value });
  }
  return stream;
}

/** Names of this length. */
function namesOf(length: number, count: number, prefix: string): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}.${i}.`.padEnd(length, "x"));
}

/** Connects a producer that answers every request on these topics. */
async function answerAll(client: WireClient, pattern: string): Promise<void> {
  const producer = await client.producer(`answers-${pattern}`, [pattern], { maxOutstanding: 65_536 });
  void (async () => {
    for (;;) producer.answer(await producer.next("assignment"), 1);
  })().catch(() => undefined);
}

/** Asks on every topic. Resolves when every request has ended. */
async function askOn(client: WireClient, topics: readonly string[]): Promise<void> {
  const stream = client.submit();
  for (let i = 0; i < topics.length; i += 500) {
    const batch = topics.slice(i, i + 500);
    stream.submit(
      ...batch.map((topic, j) => ({ correlationId: String(i + j), gather: true, request: { topic } })),
    );
    await stream.take("summary", batch.length);
  }
  stream.halfClose();
  await stream.ended;
}

/** Takes one delivery of each topic, and checks that all have this sequence. */
async function hear(listener: ListenStream, topics: readonly string[], sequence: bigint): Promise<void> {
  const heard = await listener.take("delivery", topics.length);
  expect(heard.map(({ topic }) => topic).sort()).toEqual([...topics].sort());
  expect(new Set(heard.map((delivery) => delivery.sequence))).toEqual(new Set([sequence]));
}

describe("a listener that opens in parts", () => {
  it.each([
    ["on 9,700 topics of 107 bytes", namesOf(107, 9_700, "many"), undefined, "many.>"],
    [
      "with a wildcard and 5,000 cursors of topics of 210 bytes",
      namesOf(210, 5_000, "wide"),
      ["wide.>"],
      "wide.>",
    ],
  ])(
    "%s resumes exactly where it was cut",
    async (_, names, patterns, answered) => {
      const client = connect(server.address);
      await answerAll(client, answered);
      const topics = patterns ?? names;
      const listenerId = `listens-on-${answered}`;
      const first = openInParts(client, { listenerId, topics });
      await first.next("ready");
      await askOn(client, names);
      await hear(first, names, 1n);
      const told = [...first.all("ready"), ...first.all("topicsChanged")].flatMap(({ cursors }) => cursors);
      const epochs = new Map(told.map(({ topic, epoch }) => [topic, epoch]));
      first.cancel();
      await first.ended;
      await askOn(client, names);
      const resumeFrom = names.map((topic) => ({ topic, epoch: epochs.get(topic) ?? "", sequence: 1n }));

      const second = openInParts(client, { listenerId, topics, resumeFrom });

      expect((await second.next("ready")).cursors).toHaveLength(names.length);
      await hear(second, names, 2n);
      expect(second.events[0]?.$case).toBe("ready");
      await askOn(client, names.slice(0, 10));
      await hear(second, names.slice(0, 10), 3n);
      expect(second.all("gap")).toEqual([]);
      expect(second.all("delivery")).toHaveLength(names.length + 10);
      second.cancel();
    },
    60_000,
  );

  it("comes back after a restart with a small buffer, although its gaps are larger than the buffer", async () => {
    const client = connect(server.address);
    const topics = namesOf(210, 9_000, "small");
    const resumeFrom = topics.map((topic) => ({ topic, epoch: "of-another-server.1", sequence: 7n }));

    const listener = openInParts(client, { listenerId: "small", topics, resumeFrom, bufferBytes: 16_384 });

    const gaps = await listener.take("gap", topics.length);
    expect(new Set(gaps.map(({ reason }) => reason))).toEqual(new Set([GapReason.EPOCH_CHANGED]));
    listener.cancel();
  }, 60_000);

  it("gets nothing before its last part, and counts as a session from its first", async () => {
    const { address } = await startServer({ maxSessions: 1, peerShare: 0 });
    const client = connect(address);
    const stream = client.subscribe();
    stream.send({ $case: "listen", value: { listenerId: "l1", topics: ["a"], cursorsFollow: true } });
    stream.send({ $case: "update", value: { addTopics: ["b"], cursorsFollow: true } });
    const other = await client.listen({ topics: ["a"] }).ended;
    expect(other.reason).toBe("SESSION_LIMIT");
    expect((await client.serverInfo()).counts.listeners).toBe(1);
    expect(stream.events).toEqual([]);
    stream.send({ $case: "update", value: { removeTopics: ["a"] } });

    expect((await stream.next("ready")).cursors.map(({ topic }) => topic)).toEqual(["b"]);
  });
});
