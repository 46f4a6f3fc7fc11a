/**
 * Measures TTLs: how late many requests end, and whether the TTL is kept to the instant. By the server's own clock, in
 * which a result's latency and the elapsed time of a request are told.
 */
import type { Measurement } from "../figures.js";
import { connectOurs } from "../our-clients.js";
import { inWindows, openMuteProducer } from "../pending.js";
import { percentile } from "../statistics.js";
import type { Trial } from "../trial.js";
import type { TtlWork } from "../work.js";
import { CONNECT_TIMEOUT_MS, type Stage } from "./stage.js";

/** The tick of the server's deadline wheel. */
const TICK_MS = 5;
/** All are pending before the first expires, and then they expire one after the other within the spread. */
const FIRST_TTL_MS = 20_000;
const SPREAD_MS = 5_000;
/** Requests that are answered about their TTL. */
const EDGE_COUNT = 2_000;
const EDGE_TTL_MS = 400;
/** Answers come from so long before the TTL to so long after it. */
const EDGE_MS = 40;
const MUTE_TOPIC = "bench.mute";
const EDGE_TOPIC = "bench.edge";

/** Takes one sample. */
export async function measureTtl({ pendingCount }: TtlWork, stage: Stage): Promise<Measurement> {
  const { trial, address } = stage;
  const mute = openMuteProducer(address, MUTE_TOPIC, pendingCount, trial);
  await trial.wait(mute, CONNECT_TIMEOUT_MS, () => "the mute producer did not connect in time");
  const edge = await openEdge(address, trial);
  const requester = connectOurs(address);
  const beginAt = performance.now();
  const lateness: Promise<number>[] = [];
  const made = inWindows(pendingCount, async (index) => {
    const elapsedMs = performance.now() - beginAt;
    const ttlMs = Math.round(FIRST_TTL_MS - elapsedMs + (index / pendingCount) * SPREAD_MS);
    const gather = requester.gather(MUTE_TOPIC, { args: ["pending"], ttlMs });
    const late = gather.summary.then(({ reason, elapsedMs }) => {
      if (reason !== "EXPIRED") throw new Error(`a request that nobody answers ended with ${reason}`);
      return elapsedMs - ttlMs;
    });
    late.catch(trial.fail);
    lateness.push(late);
    await gather.acceptance;
  });
  const late = () => `${pendingCount} requests could not be made before the first expires`;
  await trial.wait(made, FIRST_TTL_MS, late);
  await stage.look();
  // From here on stalls count: requests expire, and answers come about their TTL.
  await trial.pause(Math.max(0, beginAt + FIRST_TTL_MS - performance.now()));
  const asked = edge.ask(EDGE_COUNT);
  const limitMs = SPREAD_MS * 4;
  const all = await trial.wait(Promise.all(lateness), limitMs, () => "requests did not expire");
  await trial.wait(asked, limitMs, () => "the requests about the TTL did not end");
  const { longestStallMs } = await stage.look();
  return {
    expiryP99Ms: percentile(all, 0.99),
    tickAndStallMs: TICK_MS + longestStallMs,
    ...edge.counts(),
    requestCount: all.length,
  };
}

/** A producer that answers about the TTL, and a listener that also hears what comes late. */
async function openEdge(address: string, { fail }: Trial) {
  let [inTime, late, deliveredAfterTtl, refusedBeforeTtl] = [0, 0, 0, 0];
  const producer = connectOurs(address).createProducer({
    topics: [EDGE_TOPIC],
    concurrency: EDGE_COUNT,
    handler: async ({ args }) => {
      await new Promise((resolve) => setTimeout(resolve, EDGE_TTL_MS + Number(args[0])));
      return "answer";
    },
  });
  const listener = connectOurs(address).createListener({
    topics: [EDGE_TOPIC],
    includeLate: true,
    onResult: (result) => {
      if (result.late) late++;
      else inTime++;
      if (!result.late && result.latencyMs > EDGE_TTL_MS) deliveredAfterTtl++;
      if (result.late && result.latencyMs <= EDGE_TTL_MS) refusedBeforeTtl++;
    },
    onGap: () => fail(new Error("a listener lost results")),
  });
  await Promise.all([producer.ready(), listener.ready()]);
  const requester = connectOurs(address);
  return {
    /** Asks evenly over the time in which the others expire. */
    async ask(count: number): Promise<void> {
      const summaries: Promise<unknown>[] = [];
      for (let index = 0; index < count; index++) {
        const offsetMs = (((index * 31) % count) / count) * 2 * EDGE_MS - EDGE_MS;
        const ttlMs = EDGE_TTL_MS;
        summaries.push(requester.gather(EDGE_TOPIC, { args: [offsetMs], ttlMs }).summary);
        if (index % 20 === 19)
          await new Promise((resolve) => setTimeout(resolve, (SPREAD_MS * 20) / count / 2));
      }
      await Promise.all(summaries);
      // Late ones come after the summaries; the last of them has been sent by now, so a round trip brings it.
      await new Promise((resolve) => setTimeout(resolve, 2 * EDGE_MS));
      await requester.dispatch(`${EDGE_TOPIC}.end`);
    },
    counts() {
      if (inTime === 0 || late === 0) throw new Error(`${inTime} in time, ${late} late: neither may be 0`);
      return { deliveredAfterTtl, refusedBeforeTtl };
    },
  };
}
