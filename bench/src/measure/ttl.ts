/**
 * Measures TTLs: how late many requests expire, and whether results around the TTL are treated exactly. All times are of
 * the server's clock, which results and summaries report.
 */
import type { Measurement } from "../figures.js";
import { openLeanSession } from "../lean/call.js";
import { createLeanRequester } from "../lean/requester.js";
import { connectOurs } from "../our-clients.js";
import { ResultPayloads } from "../payload.js";
import { openMuteProducer } from "../pending.js";
import { percentile } from "../statistics.js";
import { openTtlEdge } from "../ttl-edge.js";
import type { TtlWork } from "../work.js";
import { CONNECT_TIMEOUT_MS, loadOf, type Stage } from "./stage.js";

/** The tick of the server's deadline wheel. */
const TICK_MS = 5;
/**
 * All requests must be pending before the first one expires. So the TTL is twice the time that it takes to send them all,
 * estimated from a trial, within these bounds.
 */
const TRIAL_COUNT = 20_000;
const SAFETY_FACTOR = 2;
const MIN_TTL_MS = 5_000;
const MAX_TTL_MS = 60_000;
const TRIAL_TTL_MS = 1_000;
/** Additional time for machines on which requests expire more slowly than they are sent. */
const SLACK_MS = 30_000;
/** Submissions in flight at a time. */
const WINDOW = 2_000;
/** Requests with results around their TTL, sent while the others expire. */
const EDGE_COUNT = 2_000;
const TOPICS = { all: "bench.mute.*", trial: "bench.mute.trial", measured: "bench.mute.measured" };
/** The largest listener buffer that the server allows by default. */
const BUFFER_BYTES = 64 * 1024 ** 2;
/** The listener receives only summaries. */
const SHAPE = { producers: 1, listeners: 1, payloadBytes: 128, window: WINDOW };

/** Takes one sample. */
export async function measureTtl({ pendingCount }: TtlWork, stage: Stage): Promise<Measurement> {
  const { trial, address } = stage;
  const mute = openMuteProducer(address, TOPICS.all, pendingCount + TRIAL_COUNT, trial);
  await trial.wait(mute, CONNECT_TIMEOUT_MS, () => "the mute producer did not connect in time");
  const edge = await openTtlEdge(address, trial.fail);
  const tried = sendRequests(stage, TOPICS.trial, TRIAL_COUNT, TRIAL_TTL_MS);
  const tookMs = await trial.wait(tried, MAX_TTL_MS, () => "the trial requests were not accepted in time");
  const wantedMs = Math.round((tookMs / TRIAL_COUNT) * pendingCount * SAFETY_FACTOR);
  const ttlMs = Math.min(MAX_TTL_MS, Math.max(MIN_TTL_MS, wantedMs));
  const ends = await openEnds(stage, pendingCount, ttlMs);

  const firstEndAt = performance.now() + ttlMs;
  const made = sendRequests(stage, TOPICS.measured, pendingCount, ttlMs);
  const late = () => `${pendingCount} requests were not accepted before the first one expired`;
  await trial.wait(made, ttlMs, late);
  // Stalls count from here on, while requests expire and results arrive around their TTL.
  await stage.takeSnapshot();
  await trial.pause(Math.max(0, firstEndAt - performance.now()));
  const [asked, limitMs] = [edge.ask(EDGE_COUNT), ttlMs + SLACK_MS];
  await trial.wait(ends.all, limitMs, () => `only ${ends.lateness.length} requests expired`);
  await trial.wait(asked, limitMs, () => "the requests around the TTL did not end");
  const { longestStallMs } = await stage.takeSnapshot();
  return {
    expiryP99Ms: percentile(ends.lateness, 0.99),
    tickAndStallMs: TICK_MS + longestStallMs,
    ...edge.counts(),
    requestCount: ends.lateness.length,
  };
}

/** Sends requests. @returns the time until all were accepted, in milliseconds. */
function sendRequests(
  { address, trial }: Stage,
  topic: string,
  count: number,
  ttlMs: number,
): Promise<number> {
  const beganAt = performance.now();
  return new Promise((resolve) => {
    let [sent, accepted] = [0, 0];
    const load = loadOf(SHAPE, new ResultPayloads(SHAPE.payloadBytes), trial, {
      topics: [topic],
      ttlMs,
      accepted: () => {
        accepted++;
        if (sent < count) send(sent++);
        else if (accepted === count) resolve(performance.now() - beganAt);
      },
      delivered: () => trial.fail(new Error("an unanswered request has a result")),
    });
    const send = createLeanRequester(openLeanSession(address, load), load);
    while (sent < Math.min(WINDOW, count)) send(sent++);
  });
}

/** Opens a listener that records how late each request expires. */
async function openEnds({ address, trial }: Stage, count: number, ttlMs: number) {
  const lateness: number[] = [];
  let ended = () => {};
  const all = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const listener = connectOurs(address).createListener({
    topics: [TOPICS.measured],
    // On a busy machine many requests expire at once.
    bufferBytes: BUFFER_BYTES,
    onStatus: ({ type }) => {
      if (type === "disconnected") trial.fail(new Error("the listener of summaries lost its connection"));
    },
    onResult: () => trial.fail(new Error("an unanswered request has a result")),
    onSummary: ({ reason, elapsedMs }) => {
      if (reason !== "EXPIRED") trial.fail(new Error(`a request that nobody answers ended with ${reason}`));
      if (lateness.push(elapsedMs - ttlMs) === count) ended();
    },
    onGap: () => trial.fail(new Error("a listener lost results")),
  });
  await listener.ready();
  return { lateness, all };
}
