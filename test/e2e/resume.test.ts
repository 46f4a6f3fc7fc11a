/**
 * Listeners that resume from more deliveries than their buffer holds: they get all retained deliveries at any reading
 * speed, and the server buffers none of them ahead.
 */
import { type Cursor, GapReason, OverflowAction } from "ate-dispatcher-client/internal";
import { expect, it } from "vitest";
import { useServer } from "../support/in-process.js";
import {
  connect,
  duration,
  type ListenStream,
  type ProducerInit,
  type ProduceStream,
} from "../support/wire-client.js";

const KIB = 1_024;
const MIB = 1_024 * KIB;
/** Bytes that the log counts per entry besides the payload, plus the encoding of a Result besides its data. */
const ENTRY_BYTES = 280;
const server = useServer({ retainedMs: 600_000 });

interface ResumableTopic {
  readonly producer: ProduceStream;
  /** Sends `count` results. Resolves when the server has accepted all of them. */
  flood(count: number, bytes: number): Promise<void>;
}

/** A topic whose only listener has just disconnected, with the cursor of that listener. */
async function topicToResume(
  topic: string,
): Promise<{ readonly resumeFrom: readonly Cursor[] } & ResumableTopic> {
  const client = connect(server.address);
  const listener = await client.listener({ topics: [topic] });
  const [cursor] = listener.all("ready")[0]?.cursors ?? [];
  if (!cursor) throw new Error("Ready has no cursor for the topic");
  listener.cancel();
  const producer = await client.producer(`floods-${topic}`, [topic], { reportDispositions: true });
  await client.dispatch({ topic, ttl: duration(600_000) });
  const { assignmentId } = await producer.next("assignment");
  const flood = async (count: number, bytes: number): Promise<void> => {
    const data = Buffer.alloc(bytes, "x");
    const reply: ProducerInit = {
      $case: "reply",
      value: { assignmentId, more: true, result: { outcome: { $case: "data", value: data } } },
    };
    for (let i = 0; i < count; i++) producer.send(reply);
    await producer.take("disposition", count);
  };
  return { resumeFrom: [cursor], producer, flood };
}

async function receivedUpTo(listener: ListenStream, last: number): Promise<readonly number[]> {
  for (let sequence = 0n; sequence < last; ) ({ sequence } = await listener.next("delivery"));
  return listener.all("delivery").map(({ sequence }) => Number(sequence));
}

function sequencesUpTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, i) => i + 1);
}

it.each([
  ["drops the oldest", OverflowAction.DROP_OLDEST],
  ["disconnects on overflow", OverflowAction.DISCONNECT],
])("20 MiB reach a listener that %s, pauses, and has a buffer of 64 KiB", async (name, overflowAction) => {
  const topic = `resume.${name.replaceAll(" ", "-")}`;
  const { resumeFrom, flood } = await topicToResume(topic);
  await flood(80, 256 * KIB);
  await flood(2_000, KIB);
  const listenerId = topic;
  const listener = connect(server.address).listen({
    ...{ listenerId, topics: [topic], resumeFrom: [...resumeFrom], overflowAction, bufferBytes: 64 * KIB },
  });
  await listener.next("delivery");
  listener.pause();
  // Another listener receives everything, so the server has had time to send to this one.
  const other = connect(server.address).listen({ topics: [topic], resumeFrom: [...resumeFrom] });
  expect(await receivedUpTo(other, 2_080)).toEqual(sequencesUpTo(2_080));
  const found = (await connect(server.address).listeners()).find((info) => info.listenerId === listenerId);
  expect(Number(found?.queuedBytes)).toBe(0);
  expect(Number(found?.deliveredCount)).toBeLessThan(40);
  await flood(10, KIB);
  listener.resume();

  expect(await receivedUpTo(listener, 2_090)).toEqual(sequencesUpTo(2_090));
  expect(listener.all("gap")).toEqual([]);
});

it("deliveries evicted from the log while a listener pauses are one gap with correct counts", async () => {
  const topic = "resume.overrun";
  const { resumeFrom, flood } = await topicToResume(topic);
  await flood(80, 256 * KIB);
  const listener = connect(server.address).listen({ topics: [topic], resumeFrom: [...resumeFrom] });
  await listener.next("delivery");
  listener.pause();
  await flood(80, 256 * KIB);
  listener.resume();
  await receivedUpTo(listener, 160);

  const first = listener.events.findIndex(({ $case }) => $case === "gap");
  const [replayGap, ...others] = listener.all("gap");
  const before = listener.events.slice(0, first).filter(({ $case }) => $case === "delivery").length;
  const kept = Math.floor((32 * MIB) / (256 * KIB + ENTRY_BYTES));
  expect(replayGap).toMatchObject({
    reason: GapReason.RETENTION,
    from: BigInt(before + 1),
    to: BigInt(160 - kept),
    lostCount: BigInt(160 - kept - before),
  });
  // Deliveries that arrived during the pause are limited by the buffer; they are another gap, for another reason.
  expect(others.map(({ reason }) => reason)).toEqual([GapReason.SLOW_LISTENER]);
  const lost = listener.all("gap").reduce((sum, { lostCount }) => sum + Number(lostCount), 0);
  expect(listener.all("delivery").length + lost).toBe(160);
  const sequences = listener.all("delivery").map(({ sequence }) => sequence);
  expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => Number(a - b)));
});

it("a listener whose server was restarted hears the gap, then all that the new server has retained", async () => {
  const topic = "resume.restarted";
  const { resumeFrom, flood } = await topicToResume(topic);
  await flood(5, KIB);
  const [present] = resumeFrom;
  const listener = connect(server.address).listen({
    topics: [topic],
    resumeFrom: [{ topic, epoch: "of-another-server.1", sequence: 57n }],
  });

  expect(await receivedUpTo(listener, 5)).toEqual(sequencesUpTo(5));
  expect((await listener.next("ready")).cursors).toEqual([{ topic, epoch: present?.epoch, sequence: 0n }]);
  expect(listener.all("gap")).toMatchObject([{ topic, reason: GapReason.EPOCH_CHANGED, from: 0n, to: 0n }]);
  expect(listener.events.map(({ $case }) => $case).slice(0, 3)).toEqual(["ready", "gap", "delivery"]);
});
