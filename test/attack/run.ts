/** Makes one attack on a server of its own, beside honest neighbours, and measures. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Allowed, Attack } from "./attack.js";
import { AttackerProcess } from "./attacker/attacker-process.js";
import type { Measurement } from "./measurement.js";
import { Neighbours } from "./neighbours/neighbours.js";
import { newcomerProblems } from "./neighbours/newcomer.js";
import { type Scene, setUp } from "./neighbours/scenes.js";
import { Server, type ServerOptions } from "./server/server.js";

const WARM_UP_MS = 1_500;
const BEFORE_MS = 3_000;
/** The least time of an attack: for fewer requests there is no 99th percentile. */
const MIN_ATTACK_MS = 3_000;
const SHORT_MS = 1_000;
/** How long an attack may run on after its time limit before it is ended. */
const GRACE_MS = 2_000;
/** Time within which the neighbours must be served as before, and the span that is looked at. */
const RECOVERY_MS = 5_000;
const SPAN_MS = 2_000;
const STEP_MS = 250;
const MAX_AFTER_RATIO = 1.5;
/** How long answers to the neighbours are awaited after the attack. A busy machine needs longer. */
const ANSWERS_MS = 5_000;
const SHORT_ANSWERS_MS = 20_000;

/** The limits of a run. */
export interface RunOptions extends ServerOptions {
  /** The time limit of an attack. */
  readonly seconds: number;
  readonly p99FloorMs: number;
  /** In the short mode the phases are shorter, and recovery is looked at once, since latency is not judged. */
  readonly isShort: boolean;
}

/** Makes one attack. Rejects if the server or its neighbours cannot be started. */
export async function runAttack(attack: Attack, options: RunOptions): Promise<Measurement> {
  const server = await Server.start({ ...options, heapMb: attack.heapMb ?? options.heapMb });
  try {
    const neighbours = await Neighbours.start(server.address);
    const scene = await setUp(attack.scene, server.address);
    try {
      return await measure(attack, options, { server, neighbours, scene });
    } finally {
      neighbours.close();
      scene.close();
    }
  } finally {
    await server.stop();
  }
}

interface Parties {
  readonly server: Server;
  readonly neighbours: Neighbours;
  readonly scene: Scene;
}

async function measure(attack: Attack, options: RunOptions, parties: Parties): Promise<Measurement> {
  const { server, neighbours, scene } = parties;
  const { latencies } = neighbours;
  await sleep(options.isShort ? WARM_UP_MS / 2 : WARM_UP_MS);
  const calmAt = performance.now();
  await sleep(options.isShort ? BEFORE_MS / 4 : BEFORE_MS);
  const beganAt = performance.now();
  const before = { rss: server.residentMb(), p99: latencies.p99(calmAt, beganAt) };
  const serverBudgetMb = await neighbours.serverBudgetMb();
  server.reset();

  const seconds = options.isShort ? options.seconds : Math.max(options.seconds, attack.seconds ?? 0);
  const attacker = new AttackerProcess(attack.name, server.address, seconds);
  const over = sleep(seconds * 1_000 + GRACE_MS);
  await Promise.race([attacker.whenDone, over, server.whenEnded]);
  await Promise.race([
    sleep(Math.max(0, beganAt + (options.isShort ? SHORT_MS : MIN_ATTACK_MS) - performance.now())),
    server.whenEnded,
  ]);
  const newcomer = server.ended === undefined ? await newcomerProblems(server.address) : [];
  const { sentBytes, decompressedBytes, told, ...attacked } = attacker.latest;
  attacker.leave();

  const leftAt = performance.now();
  if (attack.allowed && server.ended === undefined) await neighbours.restart();
  const during = latencies.p99(beganAt, leftAt);
  const after = await recovery(parties, Math.max(before.p99, options.p99FloorMs), options.isShort);
  const answersMs = options.isShort ? SHORT_ANSWERS_MS : ANSWERS_MS;
  await neighbours.finish(server.ended === undefined ? answersMs : 0);
  // Requests that were answered late are as old as their answer by now.
  const p99During = Math.max(during, latencies.p99(beganAt, leftAt));
  const isStillHeld = server.isHeld();
  return {
    name: attack.name,
    sentBytes,
    decompressedBytes,
    heldMs: server.heldMs,
    heldWallMs: server.heldWallMs,
    isStillHeld,
    rss: { before: before.rss, during: server.peakMb, after: server.residentMb() },
    serverBudgetMb,
    loggedBytes: server.loggedBytes,
    p99: { before: before.p99, during: p99During, after },
    honest: {
      answered: latencies.answered + attacked.answered,
      total: latencies.total + attacked.total,
    },
    ended: server.ended,
    isAllowed: attack.allowed !== undefined,
    problems: [...newcomer, ...scene.problems(), ...problemsOf(neighbours, attack.allowed, told)],
    told,
    attackError: attacked.error,
  };
}

/** @returns the p99 of the first span that is as before, or of the last span within the time for recovery. */
async function recovery({ server, neighbours }: Parties, before: number, isShort: boolean): Promise<number> {
  const { latencies } = neighbours;
  const startAt = performance.now();
  const spanMs = isShort ? SPAN_MS / 4 : SPAN_MS;
  await sleep(spanMs);
  for (;;) {
    const from = performance.now() - spanMs;
    const p99 = latencies.p99(from, performance.now());
    const isOver = isShort || from - startAt >= RECOVERY_MS || server.ended !== undefined;
    if (isOver || p99 <= MAX_AFTER_RATIO * before) return p99;
    await sleep(STEP_MS);
  }
}

/** What happened to the neighbours, without what is allowed; also if that did not happen. */
function problemsOf(
  { problems }: Neighbours,
  allowed: Allowed | undefined,
  told: Readonly<Record<string, number>>,
): readonly string[] {
  const isAllowed = (what: string): boolean =>
    allowed?.problems.some((begin) => what.startsWith(begin)) ?? false;
  const all = [...problems]
    .filter(([what]) => !isAllowed(what))
    .map(([what, count]) => (count === 1 ? what : `${count}x ${what}`));
  const others = all.length === 0 ? [] : [`neighbours: ${all.slice(0, 3).join(", ")}`];
  const isMissing = allowed !== undefined && told[allowed.told] === undefined;
  return isMissing ? [...others, `the attacker was never told ${allowed.told}`] : others;
}
