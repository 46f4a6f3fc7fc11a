import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Refused } from "./adapter-process.js";
import { checkError, checkSummary, withinBounds } from "./checks.js";
import type { Answer, ErrorFields } from "./protocol.js";
import { PATIENCE_MS } from "./record.js";
import type { RequestSpec, Step } from "./scenario.js";
import type { Stage } from "./stage.js";

const POLL_MS = 10;

/** Does one step, and checks what comes of it at once. */
export async function perform(stage: Stage, step: Step): Promise<void> {
  if (step.producer) {
    for (const [name, spec] of Object.entries(step.producer)) {
      await refusable(step, () => stage.openProducer(name, spec));
    }
  }
  if (step.listener) {
    for (const [name, spec] of Object.entries(step.listener)) {
      await refusable(step, () => stage.openListener(name, spec));
    }
  }
  if (step.dispatch) await ask(stage, step, "dispatch", step.dispatch);
  if (step.validate) await ask(stage, step, "validate", step.validate);
  if (step.gather) await ask(stage, step, "gather", step.gather);
  if (step.reply) await reply(stage, step.reply);
  if (step.until) await until(stage, step.until);
  if (step.link) disturb(stage, step.link);
  if (step.server) await turnServer(stage, step.server);
  await changeProducers(stage, step);
  await changeListeners(stage, step);
  await cancel(stage, step);
}

async function ask(stage: Stage, step: Step, op: string, request: RequestSpec): Promise<void> {
  const name = step.as ?? "the only one";
  const answer = await refusable(step, () => stage.send("requester", op, { gather: name, ...request }));
  if (answer === undefined) return;
  const { request_id = "", targets = [], listener_count = 0, ttl_ms = 0 } = answer.acceptance ?? {};
  if (step.same_as !== undefined) {
    equal("the request is the same as", stage.requestName(request_id), step.same_as);
    stage.repeats.add(name);
  } else if (op !== "validate") {
    stage.nameRequest(name, request_id);
  }
  const asked = targets.map(({ producer_id = "" }) => stage.producerName(producer_id));
  if (step.targets) equal("targets", asked.sort(), [...step.targets].sort());
  if (step.listeners !== undefined) equal("listener_count", listener_count, step.listeners);
  if (step.ttl_ms && !withinBounds(ttl_ms, step.ttl_ms)) {
    throw new Error(`the TTL is ${ttl_ms} ms, not within ${JSON.stringify(step.ttl_ms)}`);
  }
}

/** Undefined if it was refused as expected. */
async function refusable<T>(step: Step, act: () => Promise<T>): Promise<T | undefined> {
  let refusal: ErrorFields;
  try {
    const done = await act();
    if (step.refused === undefined) return done;
    throw new Error(`it was not refused with ${JSON.stringify(step.refused)}`);
  } catch (error) {
    if (!(error instanceof Refused) || step.refused === undefined) throw error;
    refusal = error.error;
  }
  const differs = checkError("the refusal", refusal, step.refused);
  if (differs) throw new Error(differs);
  return undefined;
}

async function reply(stage: Stage, { producer, to, ...rest }: NonNullable<Step["reply"]>): Promise<void> {
  const request_id = stage.requestId(to);
  await stage.record.demand(`${producer} is asked ${to ?? stage.requestName(request_id)}`, () =>
    stage.record.producer(producer).assignments.some((assignment) => assignment.request_id === request_id),
  );
  await stage.sendTo(producer, "producer.reply", { request_id, ...rest });
}

async function until(stage: Stage, awaited: NonNullable<Step["until"]>): Promise<void> {
  const { record } = stage;
  const counted: readonly [string, Readonly<Record<string, number>> | undefined, (name: string) => number][] =
    [
      ["assignments", awaited.assigned, (name) => record.producer(name).assignments.length],
      ["revocations", awaited.revoked, (name) => record.producer(name).revoked.length],
      ["events", awaited.heard, (name) => record.listener(name).length],
      ["results", awaited.gathered, (name) => record.gather(name).results.length],
    ];
  for (const [what, counts, soFar] of counted) {
    for (const [name, count] of Object.entries(counts ?? {})) {
      await record.demand(`${count} ${what} at ${name}`, () => soFar(name) >= count);
    }
  }
  const { ended, targets, listening } = awaited;
  if (ended !== undefined)
    await record.demand(`the end of ${ended}`, () => record.gather(ended).ends.length > 0);
  if (targets) await untilAsking(stage, targets.topic, { targets: [...targets.are].sort() });
  if (listening) await untilAsking(stage, listening.topic, { listeners: listening.are });
}

/** Asks again and again who would be asked and hear, since nobody reports when a peer is back or gone. */
async function untilAsking(stage: Stage, topic: string, wanted: object): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const { acceptance } = await stage.send("requester", "validate", { topic }).catch(noAnswer);
    const targets = (acceptance?.targets ?? []).map(({ producer_id = "" }) =>
      stage.producerName(producer_id),
    );
    const seen = { targets: targets.sort(), listeners: acceptance?.listener_count ?? 0 };
    if (isDeepStrictEqual({ ...seen, ...wanted }, seen)) return;
    if (performance.now() > giveUpAt) {
      throw new Error(`${topic} has ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
    }
    await sleep(POLL_MS);
  }
}

/** The server may be away. */
function noAnswer(): Answer {
  return {};
}

function disturb({ troupe }: Stage, { role, is }: NonNullable<Step["link"]>): void {
  const link = troupe.links[role];
  if (is === "cut") link.cut();
  else if (is === "deaf") link.deafen();
  else if (is === "mute") link.mute();
  else if (is === "frozen") link.freeze();
  else if (is === "away") link.leave();
  else link.mend();
}

async function turnServer({ troupe, settings }: Stage, to: NonNullable<Step["server"]>): Promise<void> {
  const links = Object.values(troupe.links);
  if (to === "killed") await troupe.server.kill();
  if (to === "drained") equal("errors of the server", await troupe.server.drain(), []);
  if (to !== "started") {
    for (const link of links) link.leave();
    return;
  }
  const address = await troupe.server.start(settings);
  for (const link of links) link.lead(address);
}

async function changeProducers(stage: Stage, step: Step): Promise<void> {
  const { register, deregister, credit, drain, drained, kill } = step;
  if (register) {
    await refusable(step, () => stage.sendTo(register.producer, "producer.register", register));
  }
  if (deregister) await stage.sendTo(deregister.producer, "producer.deregister", deregister);
  if (credit) await stage.sendTo(credit.producer, "producer.credit", credit);
  if (drain !== undefined) stage.drains.set(drain, stage.sendTo(drain, "producer.drain", {}));
  if (drained !== undefined) await stage.drains.get(drained);
  if (kill === "requester") await (await stage.troupe.adapter("requester")).kill();
  else if (kill !== undefined) await stage.killProducer(kill);
}

async function changeListeners(stage: Stage, step: Step): Promise<void> {
  const { update, update_listener, close } = step;
  if (update) await refusable(step, () => stage.send("listeners", "listener.update", update));
  if (update_listener) {
    const answer = await refusable(step, () => stage.send("requester", "update_listener", update_listener));
    if (step.topics) equal("topics", [...(answer?.topics ?? [])].sort(), [...step.topics].sort());
  }
  if (close !== undefined) {
    await stage.send("listeners", "listener.close", { listener: close });
    stage.listeners.delete(close);
  }
}

async function cancel(stage: Stage, step: Step): Promise<void> {
  if (step.cancel_gather !== undefined) {
    await stage.send("requester", "gather.cancel", { gather: step.cancel_gather });
  }
  if (step.cancel === undefined) return;
  const request_id = stage.requestId(step.cancel);
  const answer = await refusable(step, () => stage.send("requester", "cancel", { request_id }));
  if (step.summary === undefined) return;
  const differs = checkSummary("the summary", stage, answer?.summary, step.summary);
  if (differs) throw new Error(differs);
}

function equal(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}
