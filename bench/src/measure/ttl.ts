/**
 * Measures TTLs: how late many requests end, and whether the TTL is kept to the instant. By the server's own clock, in
 * which a result's latency and the elapsed time of a request are told.
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
 * All are to be pending before the first expires, after which they expire in the rhythm in which they were made. So the
 * TTL is as long as it takes to make them, by a trial of a few, with so much to spare, and within these bounds.
 */
const TRIAL_COUNT = 20_000;
const SPARE = 2;
const LEAST_TTL_MS = 5_000;
const MOST_TTL_MS = 60_000;
const TRIAL_TTL_MS = 1_000;
/** For machines on which they take longer to end than to make. */
const SLACK_MS = 30_000;
/** Requests on their way at a time while they are made. */
const WINDOW = 2_000;
/** Requests that are answered about their TTL, meanwhile. */
const EDGE_COUNT = 2_000;
const TOPICS = { all: "bench.mute.*", trial: "bench.mute.trial", measured: "bench.mute.measured" };
/** The largest buffer that the server's defaults allow a listener. */
const BUFFER_BYTES = 64 * 1024 ** 2;
/** A listener that takes summaries alone. */
const SHAPE = { producers: 1, listeners: 1, payloadBytes: 128, window: WINDOW };

/** Takes one sample. */
export async function measureTtl({ pendingCount }: TtlWork, stage: Stage): Promise<Measurement> {
  const { trial, address } = stage;
  const mute = openMuteProducer(address, TOPICS.all, pendingCount + TRIAL_COUNT, trial);
  await trial.wait(mute, CONNECT_TIMEOUT_MS, () => "the mute producer did not connect in time");
  const edge = await openTtlEdge(address, trial.fail);
  const tried = makeRequests(stage, TOPICS.trial, TRIAL_COUNT, TRIAL_TTL_MS);
  const tookMs = await trial.wait(tried, MOST_TTL_MS, () => "a few requests took too long to make");
  const wantedMs = Math.round((tookMs / TRIAL_COUNT) * pendingCount * SPARE);
  const ttlMs = Math.min(MOST_TTL_MS, Math.max(LEAST_TTL_MS, wantedMs));
  const ends = await openEnds(stage, pendingCount, ttlMs);

  const firstEndAt = performance.now() + ttlMs;
  const made = makeRequests(stage, TOPICS.measured, pendingCount, ttlMs);
  const late = () => `${pendingCount} requests could not be made before the first expires`;
  await trial.wait(made, ttlMs, late);
  // From here on stalls count: requests expire, and answers come about their TTL.
  await stage.look();
  await trial.pause(Math.max(0, firstEndAt - performance.now()));
  const [asked, limitMs] = [edge.ask(EDGE_COUNT), ttlMs + SLACK_MS];
  await trial.wait(ends.all, limitMs, () => `only ${ends.lateness.length} requests expired`);
  await trial.wait(asked, limitMs, () => "the requests about the TTL did not end");
  const { longestStallMs } = await stage.look();
  return {
    expiryP99Ms: percentile(ends.lateness, 0.99),
    tickAndStallMs: TICK_MS + longestStallMs,
    ...edge.counts(),
    requestCount: ends.lateness.length,
  };
}

/** Makes so many requests. @returns how long it took until all were accepted, in milliseconds. */
function makeRequests(
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
      delivered: () => trial.fail(new Error("a request that nobody answers has a result")),
    });
    const send = createLeanRequester(openLeanSession(address, load), load);
    while (sent < Math.min(WINDOW, count)) send(sent++);
  });
}

/** Hears how each request ends: by how much it outlived its TTL. */
async function openEnds({ address, trial }: Stage, count: number, ttlMs: number) {
  const lateness: number[] = [];
  let ended = () => {};
  const all = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const listener = connectOurs(address).createListener({
    topics: [TOPICS.measured],
    // On a busy machine many end at once.
    bufferBytes: BUFFER_BYTES,
    onStatus: ({ type }) => {
      if (type === "disconnected") trial.fail(new Error("the listener of summaries lost its connection"));
    },
    onResult: () => trial.fail(new Error("a request that nobody answers has a result")),
    onSummary: ({ reason, elapsedMs }) => {
      if (reason !== "EXPIRED") trial.fail(new Error(`a request that nobody answers ended with ${reason}`));
      if (lateness.push(elapsedMs - ttlMs) === count) ended();
    },
    onGap: () => trial.fail(new Error("a listener lost results")),
  });
  await listener.ready();
  return { lateness, all };
}
