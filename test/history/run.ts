/**
 * Executes a plan: starts all actors, performs the acts, waits until all is quiet, closes the actors, ends the server.
 */
import { ClientListener } from "./actors/client-listener.js";
import { History, type HistoryEvent } from "./history.js";
import type { Plan } from "./plan.js";
import { cursorOf, totalsOf } from "./read.js";
import { World } from "./world.js";

/** Timeout of the wait for quiet, in milliseconds. After it, the history is checked as it is. */
const QUIET_TIMEOUT_MS = 30_000;
/** How far an act may lag behind its plan, in milliseconds, before all further acts are postponed. */
const MAX_BEHIND_MS = 100;
/** The second heartbeat from an instant on was sent after all earlier messages. */
const BEATS = 2;

/** Executes a plan. @returns its history. */
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

/** On a busy machine the run is stretched, so that acts keep their distance. */
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

/** Waits until every request has ended and every listener has received all of its results. */
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
