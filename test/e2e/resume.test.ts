/**
 * Listeners that come back for more than their buffer holds: they get all that is retained, however they read it, and
 * the server holds none of it for them meanwhile.
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
/** What the log counts for an entry beside its payload, and a Result beside its data. */
const ENTRY_BYTES = 280;
const server = useServer({ retainedMs: 600_000 });

interface Pouring {
  readonly producer: ProduceStream;
  /** So many results more. Resolves when the server has taken them all. */
  pour(count: number, bytes: number): Promise<void>;
}

/** A topic on which somebody has listened until just now. */
async function left(topic: string): Promise<{ readonly resumeFrom: readonly Cursor[] } & Pouring> {
  const client = connect(server.address);
  const listener = await client.listener({ topics: [topic] });
  const [cursor] = listener.all("ready")[0]?.cursors ?? [];
  if (!cursor) throw new Error("a listener on a topic by name is told no cursor");
  listener.cancel();
  const producer = await client.producer(`pours-${topic}`, [topic], { reportDispositions: true });
  await client.dispatch({ topic, ttl: duration(600_000) });
  const { assignmentId } = await producer.next("assignment");
  const pour = async (count: number, bytes: number): Promise<void> => {
    const data = Buffer.alloc(bytes, "x");
    const reply: ProducerInit = {
      $case: "reply",
      value: { assignmentId, more: true, result: { outcome: { $case: "data", value: data } } },
    };
    for (let i = 0; i < count; i++) producer.say(reply);
    await producer.take("disposition", count);
  };
  return { resumeFrom: [cursor], producer, pour };
}

async function heardUpTo(listener: ListenStream, last: number): Promise<readonly number[]> {
  for (let sequence = 0n; sequence < last; ) ({ sequence } = await listener.next("delivery"));
  return listener.all("delivery").map(({ sequence }) => Number(sequence));
}

function upTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, i) => i + 1);
}

it.each([
  ["drops the oldest", OverflowAction.DROP_OLDEST],
  ["wants to be disconnected", OverflowAction.DISCONNECT],
])("20 MiB reach a listener that %s, pauses, and has a buffer of 64 KiB", async (name, overflowAction) => {
  const topic = `resume.${name.replaceAll(" ", "-")}`;
  const { resumeFrom, pour } = await left(topic);
  await pour(80, 256 * KIB);
  await pour(2_000, KIB);
  const listenerId = topic;
  const listener = connect(server.address).listen({
    ...{ listenerId, topics: [topic], resumeFrom: [...resumeFrom], overflowAction, bufferBytes: 64 * KIB },
  });
  await listener.next("delivery");
  listener.pause();
  // Somebody else hears everything at once meanwhile, so the server has had its turns.
  const other = connect(server.address).listen({ topics: [topic], resumeFrom: [...resumeFrom] });
  expect(await heardUpTo(other, 2_080)).toEqual(upTo(2_080));
  const found = (await connect(server.address).listeners()).find((info) => info.listenerId === listenerId);
  expect(Number(found?.queuedBytes)).toBe(0);
  expect(Number(found?.deliveredCount)).toBeLessThan(40);
  await pour(10, KIB);
  listener.resume();

  expect(await heardUpTo(listener, 2_090)).toEqual(upTo(2_090));
  expect(listener.all("gap")).toEqual([]);
});

it("what the log loses while a listener pauses is one gap, whose numbers add up", async () => {
  const topic = "resume.overrun";
  const { resumeFrom, pour } = await left(topic);
  await pour(80, 256 * KIB);
  const listener = connect(server.address).listen({ topics: [topic], resumeFrom: [...resumeFrom] });
  await listener.next("delivery");
  listener.pause();
  await pour(80, 256 * KIB);
  listener.resume();
  await heardUpTo(listener, 160);

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
  // What came while it did not read is bounded by its buffer as ever; that is another gap, of another reason.
  expect(others.map(({ reason }) => reason)).toEqual([GapReason.SLOW_LISTENER]);
  const lost = listener.all("gap").reduce((sum, { lostCount }) => sum + Number(lostCount), 0);
  expect(listener.all("delivery").length + lost).toBe(160);
  const sequences = listener.all("delivery").map(({ sequence }) => sequence);
  expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => Number(a - b)));
});
