import { duration, type ProducerInit, type ProduceStream, type WireClient } from "./wire-client.js";

/** Bytes of results per message. */
const BATCH_BYTES = 64 * 1_024;

/** Sends partial results of one request as fast as possible, in batches. */
export async function flood(
  client: WireClient,
  topic: string,
  count: number,
  bytes: number,
): Promise<ProduceStream> {
  const producer = await client.producer(`floods-${topic}`, [topic]);
  await client.dispatch({ topic, ttl: duration(60_000) });
  const { assignmentId } = await producer.next("assignment");
  const data = Buffer.alloc(bytes, "x");
  const reply: ProducerInit = {
    $case: "reply",
    value: { assignmentId, more: true, result: { outcome: { $case: "data", value: data } } },
  };
  const perBatch = Math.max(1, Math.floor(BATCH_BYTES / bytes));
  for (let sent = 0; sent < count; sent += perBatch) {
    producer.send(...Array<ProducerInit>(Math.min(perBatch, count - sent)).fill(reply));
  }
  return producer;
}
