/** Results that arrive just before and just after the TTL, and whether the server treats them correctly. */
import { setTimeout as sleep } from "node:timers/promises";
import { type DispatcherClient, DispatcherError, status } from "ate-dispatcher-client";
import type { ProduceResponse } from "ate-dispatcher-client/internal";
import { connectOurs } from "./our-clients.js";
import { readSequence, requestPayload } from "./payload.js";
import { openProduceStream, replyWith } from "./plain-client.js";

const TOPIC = "bench.edge";
const TTL_MS = 1_000;
/** Half of the results arrive within this of the TTL, the others long before it. */
const EDGE_MS = 40;
/** Requests per burst, and the pause between two bursts. */
const BURST = 20;
const PAUSE_MS = 25;
/** Time for the last late results. */
const LATE_MS = 500;

/** Connects a producer that answers around the TTL, and a listener that also receives late results. */
export async function openTtlEdge(address: string, fail: (error: unknown) => void) {
  let [inTime, late, deliveredAfterTtl, rejectedBeforeTtl] = [0, 0, 0, 0];
  const listener = connectOurs(address).createListener({
    topics: [TOPIC],
    includeLate: true,
    onResult: (result) => {
      if (result.late) late++;
      else inTime++;
      if (!result.late && result.latencyMs > TTL_MS) deliveredAfterTtl++;
      if (result.late && result.latencyMs <= TTL_MS) rejectedBeforeTtl++;
    },
    onGap: () => fail(new Error("a listener lost results")),
  });
  await Promise.all([openProducer(address, fail), listener.ready()]);
  const requester = connectOurs(address);
  return {
    /** Sends this many requests. Resolves when all have ended and all results have arrived. */
    async ask(count: number): Promise<void> {
      const summaries: Promise<unknown>[] = [];
      for (let index = 0; index < count; index++) {
        summaries.push(askUntilAccepted(requester, requestPayload(index)));
        if (index % BURST === BURST - 1) await sleep(PAUSE_MS);
      }
      await Promise.all(summaries);
      await sleep(LATE_MS);
    },
    /** Counts of wrong results. Throws if no result arrived on one side of the TTL. */
    counts(): { readonly deliveredAfterTtl: number; readonly rejectedBeforeTtl: number } {
      if (inTime === 0 || late === 0) throw new Error(`${inTime} in time, ${late} late: neither may be 0`);
      return { deliveredAfterTtl, rejectedBeforeTtl };
    },
  };
}

/** Retries a request that the server sheds: many requests that expire at once may stall it for long. */
async function askUntilAccepted(requester: DispatcherClient, data: Uint8Array): Promise<void> {
  for (;;) {
    try {
      await requester.gather(TOPIC, { data, ttlMs: TTL_MS }).summary;
      return;
    } catch (error) {
      if (!(error instanceof DispatcherError) || error.code !== status.RESOURCE_EXHAUSTED) throw error;
      await sleep(error.retryDelayMs ?? PAUSE_MS);
    }
  }
}

/** Uses plain stubs, since our client would not answer a revoked assignment. */
function openProducer(address: string, fail: (error: unknown) => void): Promise<void> {
  const call = openProduceStream(address, { topics: [TOPIC], failed: fail }, 10_000);
  return new Promise((ready) => {
    call.on("data", ({ messages }: ProduceResponse) => {
      for (const { message } of messages) {
        if (message?.$case === "welcome") ready();
        if (message?.$case !== "assignment" || message.value.request === undefined) continue;
        const { assignmentId, request } = message.value;
        const answer = () => void call.write(replyWith(assignmentId, request.data));
        setTimeout(answer, TTL_MS + offsetOf(readSequence(request.data, 0)));
      }
    });
  });
}

/** When the result of a request is sent, in milliseconds after the TTL. */
function offsetOf(index: number): number {
  const share = (index % BURST) / BURST;
  return index % 2 === 0 ? share * 2 * EDGE_MS - EDGE_MS : (share - 1) * TTL_MS;
}
