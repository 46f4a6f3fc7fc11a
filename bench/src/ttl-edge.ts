/** Answers that come just before and just after the TTL, and what the server makes of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { type DispatcherClient, DispatcherError, status } from "ate-dispatcher-client";
import type { ProduceResponse } from "./generated.js";
import { connectOurs } from "./our-clients.js";
import { readSequence, requestPayload } from "./payload.js";
import { openProduceStream, replyWith } from "./plain-client.js";

const TOPIC = "bench.edge";
const TTL_MS = 1_000;
/** Half of the answers come from so long before the TTL to so long after it, the others long before it. */
const ABOUT_MS = 40;
/** Asked at a time, and how long until the next. */
const AT_A_TIME = 20;
const PAUSE_MS = 25;
/** Time for the last answers to come after their requests have ended. */
const AFTER_MS = 500;

/** Connects a producer that answers about the TTL, and a listener that also hears what comes late. */
export async function openTtlEdge(address: string, fail: (error: unknown) => void) {
  let [inTime, late, deliveredAfterTtl, refusedBeforeTtl] = [0, 0, 0, 0];
  const listener = connectOurs(address).createListener({
    topics: [TOPIC],
    includeLate: true,
    onResult: (result) => {
      if (result.late) late++;
      else inTime++;
      if (!result.late && result.latencyMs > TTL_MS) deliveredAfterTtl++;
      if (result.late && result.latencyMs <= TTL_MS) refusedBeforeTtl++;
    },
    onGap: () => fail(new Error("a listener lost results")),
  });
  await Promise.all([openProducer(address, fail), listener.ready()]);
  const requester = connectOurs(address);
  return {
    /** Asks so often, and resolves when all requests have ended and been answered. */
    async ask(count: number): Promise<void> {
      const summaries: Promise<unknown>[] = [];
      for (let index = 0; index < count; index++) {
        summaries.push(askUntilTaken(requester, requestPayload(index)));
        if (index % AT_A_TIME === AT_A_TIME - 1) await sleep(PAUSE_MS);
      }
      await Promise.all(summaries);
      await sleep(AFTER_MS);
    },
    /** What came of it. Throws if nothing came on one side of the TTL, which then was not tried. */
    counts(): { readonly deliveredAfterTtl: number; readonly refusedBeforeTtl: number } {
      if (inTime === 0 || late === 0) throw new Error(`${inTime} in time, ${late} late: neither may be 0`);
      return { deliveredAfterTtl, refusedBeforeTtl };
    },
  };
}

/** Many requests that expire at once may hold the server up for so long that it refuses some: they are asked later. */
async function askUntilTaken(requester: DispatcherClient, data: Uint8Array): Promise<void> {
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

/** A producer of plain stubs: it answers whatever has been revoked meanwhile, as our client would not. */
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

/** When an answer comes, in milliseconds after the TTL. */
function offsetOf(index: number): number {
  const share = (index % AT_A_TIME) / AT_A_TIME;
  return index % 2 === 0 ? share * 2 * ABOUT_MS - ABOUT_MS : (share - 1) * TTL_MS;
}
