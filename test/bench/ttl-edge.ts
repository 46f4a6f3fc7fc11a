/** Answers that come just before and just after the TTL, and what the server makes of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { connectOurs } from "./our-clients.js";

const TOPIC = "bench.edge";
const TTL_MS = 400;
/** Answers come from so long before the TTL to so long after it, evenly. */
const ABOUT_MS = 40;
/** Asked at a time, and how long until the next. */
const AT_A_TIME = 20;
const PAUSE_MS = 25;

/** Connects a producer that answers about the TTL, and a listener that also hears what comes late. */
export async function openTtlEdge(address: string, fail: (error: unknown) => void) {
  let [inTime, late, deliveredAfterTtl, refusedBeforeTtl] = [0, 0, 0, 0];
  const producer = connectOurs(address).createProducer({
    topics: [TOPIC],
    concurrency: 10_000,
    handler: async ({ args }) => {
      await sleep(TTL_MS + Number(args[0]));
      return "answer";
    },
  });
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
  await Promise.all([producer.ready(), listener.ready()]);
  const requester = connectOurs(address);
  return {
    /** Asks so often, and resolves when all requests have ended. */
    async ask(count: number): Promise<void> {
      const summaries: Promise<unknown>[] = [];
      for (let index = 0; index < count; index++) {
        const offsetMs = ((index % AT_A_TIME) / AT_A_TIME) * 2 * ABOUT_MS - ABOUT_MS;
        summaries.push(requester.gather(TOPIC, { args: [offsetMs], ttlMs: TTL_MS }).summary);
        if (index % AT_A_TIME === AT_A_TIME - 1) await sleep(PAUSE_MS);
      }
      await Promise.all(summaries);
    },
    /** What came of it. Throws if nothing came on one side of the TTL, which then was not tried. */
    counts(): { readonly deliveredAfterTtl: number; readonly refusedBeforeTtl: number } {
      if (inTime === 0 || late === 0) throw new Error(`${inTime} in time, ${late} late: neither may be 0`);
      return { deliveredAfterTtl, refusedBeforeTtl };
    },
  };
}
