/**
 * Plays a plan: everybody comes, everything happens, then it gets quiet, everybody leaves, and the server ends.
 */
import { ClientListener } from "./actors/client-listener.js";
import { History, type HistoryEvent } from "./history.js";
import type { Plan } from "./plan.js";
import { cursorOf, totalsOf } from "./read.js";
import { World } from "./world.js";

/** Longest wait for quiet; a run that has not ended by itself then is checked as it is. */
const QUIET_TIMEOUT_MS = 30_000;
/** How far acts may lag behind their plan before all that follow are put off. */
const MAX_BEHIND_MS = 100;
/** The second heartbeat from now on was sent after everything that there was to say. */
const BEATS = 2;

/** Plays it. @returns all that happened. */
export async function play(plan: Plan): Promise<readonly HistoryEvent[]> {
  const history = new History();
  const world = new World(plan, history);
  const { seed, restarts, forgets } = plan;
  history.note("planned", { seed, restarts, forgets });
  try {
    await world.assemble();
    world.probe();
    await perform(world, plan);
    await calmDown(world);
    await noteStanding(world);
    world.stopProbing();
    await world.dismiss();
    await noteEmpty(world);
    world.note("serverExited", await world.endServer());
  } finally {
    await world.clear();
  }
  return history.events;
}

/** A machine that is too busy stretches the run, so that what was planned apart does not come at once. */
async function perform(world: World, { acts, ms }: Plan): Promise<void> {
  let began = performance.now();
  const going: Promise<void>[] = [];
  for (const act of acts) {
    const waitMs = began + act.atMs - performance.now();
    if (waitMs > 1) await world.schedule.pass(waitMs);
    began = Math.max(began, performance.now() - act.atMs - MAX_BEHIND_MS);
    const done = world.perform(act);
    if (act.kind === "restartServer") await done;
    else going.push(done);
  }
  await world.schedule.pass(began + ms - performance.now());
  await Promise.all(going);
}

/** Waits until every request has ended and everybody has heard everything. */
async function calmDown(world: World): Promise<void> {
  const { schedule } = world;
  world.isCalm = true;
  await schedule.until(async () => {
    const { counts } = await world.control.serverInfo();
    return counts.pendingRequests === 0 && world.floodCount >= world.pauseCount;
  }, QUIET_TIMEOUT_MS);
  world.note("settling", { serverId: world.serverId });
  const wires = [...world.producers.values(), ...world.listeners.values(), ...world.requesters.values()];
  const beating = wires.flatMap((actor) =>
    "beatCount" in actor && actor.beatCount !== undefined ? [actor] : [],
  );
  const marks = new Map(beating.map((actor) => [actor, (actor.beatCount ?? 0) + BEATS]));
  await schedule.until(
    () => [...marks].every(([actor, mark]) => (actor.beatCount ?? 0) >= mark),
    QUIET_TIMEOUT_MS,
  );
  for (const listener of world.listeners.values())
    if (listener instanceof ClientListener) await listener.sync();
}

async function noteStanding(world: World): Promise<void> {
  const { counts, totals } = await world.control.serverInfo();
  const topics = await world.control.topics();
  world.note("quiet", {
    serverId: world.serverId,
    pending: counts.pendingRequests,
    outstanding: counts.outstandingAssignments,
    waiting: counts.waitingAssignments,
    totals: totalsOf(totals),
    topics: topics.map(cursorOf),
  });
}

async function noteEmpty(world: World): Promise<void> {
  await world.schedule.until(async () => {
    const { producers, listeners } = (await world.control.serverInfo()).counts;
    return producers + listeners === 0;
  }, QUIET_TIMEOUT_MS);
  const { producers, listeners, pendingRequests } = (await world.control.serverInfo()).counts;
  world.note("empty", { producers, listeners, pending: pendingRequests });
}
