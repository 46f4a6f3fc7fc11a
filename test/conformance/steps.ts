import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { RejectedCommand } from "./adapter-process.js";
import { checkError, checkSummary, withinBounds } from "./checks.js";
import { EVENT_TIMEOUT_MS } from "./event-record.js";
import type { Answer, ErrorFields } from "./protocol.js";
import type { RequestSpec, Step } from "./scenario.js";
import type { ScenarioRun } from "./scenario-run.js";

const POLL_MS = 10;

/** Performs one step and checks its immediate outcome. */
export async function perform(run: ScenarioRun, step: Step): Promise<void> {
  if (step.producer) {
    for (const [name, spec] of Object.entries(step.producer)) {
      await rejectable(step, () => run.openProducer(name, spec));
    }
  }
  if (step.listener) {
    for (const [name, spec] of Object.entries(step.listener)) {
      await rejectable(step, () => run.openListener(name, spec));
    }
  }
  if (step.dispatch) await ask(run, step, "dispatch", step.dispatch);
  if (step.validate) await ask(run, step, "validate", step.validate);
  if (step.gather) await ask(run, step, "gather", step.gather);
  if (step.reply) await reply(run, step, step.reply);
  if (step.until) await until(run, step.until);
  if (step.connection) disturb(run, step.connection);
  if (step.server) await changeServer(run, step.server);
  await changeProducers(run, step);
  await changeListeners(run, step);
  if (step.close_client) await run.closeClient(step.close_client);
  await cancel(run, step);
}

async function ask(run: ScenarioRun, step: Step, op: string, request: RequestSpec): Promise<void> {
  const name = step.as ?? "the only one";
  const answer = await rejectable(step, () => run.send("requester", op, { gather: name, ...request }));
  if (answer === undefined) return;
  const { request_id = "", targets = [], listener_count = 0, ttl_ms = 0 } = answer.acceptance ?? {};
  if (step.same_as !== undefined) {
    equal("the request is the same as", run.requestName(request_id), step.same_as);
    run.repeats.add(name);
  } else if (op !== "validate") {
    run.nameRequest(name, request_id);
  }
  const asked = targets.map(({ producer_id = "" }) => run.producerName(producer_id));
  if (step.targets) equal("targets", asked.sort(), [...step.targets].sort());
  if (step.listeners !== undefined) equal("listener_count", listener_count, step.listeners);
  if (step.ttl_ms && !withinBounds(ttl_ms, step.ttl_ms)) {
    throw new Error(`the TTL is ${ttl_ms} ms, not within ${JSON.stringify(step.ttl_ms)}`);
  }
}

/** Performs an action; undefined if it was refused as expected. */
async function rejectable<T>(step: Step, act: () => Promise<T>): Promise<T | undefined> {
  let rejection: ErrorFields;
  try {
    const done = await act();
    if (step.refused === undefined) return done;
    throw new Error(`it was not refused with ${JSON.stringify(step.refused)}`);
  } catch (error) {
    if (!(error instanceof RejectedCommand) || step.refused === undefined) throw error;
    rejection = error.error;
  }
  const differs = checkError("the rejection", rejection, step.refused);
  if (differs) throw new Error(differs);
  return undefined;
}

async function reply(
  run: ScenarioRun,
  step: Step,
  { producer, to, ...rest }: NonNullable<Step["reply"]>,
): Promise<void> {
  const request_id = run.requestId(to);
  await run.record.demand(`${producer} gets ${to ?? run.requestName(request_id)}`, () =>
    run.record.producer(producer).assignments.some((assignment) => assignment.request_id === request_id),
  );
  await rejectable(step, () => run.sendTo(producer, "producer.reply", { request_id, ...rest }));
}

async function until(run: ScenarioRun, awaited: NonNullable<Step["until"]>): Promise<void> {
  const { record } = run;
  const counted: readonly [string, Readonly<Record<string, number>> | undefined, (name: string) => number][] =
    [
      ["assignments", awaited.assigned, (name) => record.producer(name).assignments.length],
      ["revocations", awaited.revoked, (name) => record.producer(name).revoked.length],
      ["events", awaited.received, (name) => record.listener(name).length],
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
  if (targets) await untilTopicHas(run, targets.topic, { targets: [...targets.are].sort() });
  if (listening) await untilTopicHas(run, listening.topic, { listeners: listening.are });
}

/** Polls the targets and listeners of a topic, because no event reports that a peer has connected or disconnected. */
async function untilTopicHas(run: ScenarioRun, topic: string, wanted: object): Promise<void> {
  const giveUpAt = performance.now() + EVENT_TIMEOUT_MS;
  for (;;) {
    const { acceptance } = await run.send("requester", "validate", { topic }).catch(noAnswer);
    const targets = (acceptance?.targets ?? []).map(({ producer_id = "" }) => run.producerName(producer_id));
    const seen = { targets: targets.sort(), listeners: acceptance?.listener_count ?? 0 };
    if (isDeepStrictEqual({ ...seen, ...wanted }, seen)) return;
    if (performance.now() > giveUpAt) {
      throw new Error(`${topic} has ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
    }
    await sleep(POLL_MS);
  }
}

/** An empty answer, because the server may be down. */
function noAnswer(): Answer {
  return {};
}

function disturb({ bed }: ScenarioRun, { role, is }: NonNullable<Step["connection"]>): void {
  const proxy = bed.proxies[role];
  if (is === "cut") proxy.cut();
  else if (is === "not_receiving") proxy.blockToPeers();
  else if (is === "not_sending") proxy.blockFromPeers();
  else if (is === "half_open") proxy.freeze();
  else if (is === "refused") proxy.refuse();
  else proxy.heal();
}

async function changeServer({ bed, settings }: ScenarioRun, to: NonNullable<Step["server"]>): Promise<void> {
  const proxies = Object.values(bed.proxies);
  if (to === "killed") await bed.server.kill();
  if (to === "drained") equal("errors of the server", await bed.server.drain(), []);
  if (to !== "started") {
    for (const proxy of proxies) proxy.refuse();
    return;
  }
  const address = await bed.server.start(settings);
  for (const proxy of proxies) proxy.connectTo(address);
}

async function changeProducers(run: ScenarioRun, step: Step): Promise<void> {
  const { register, deregister, credit, drain, drained, kill } = step;
  if (register) {
    await rejectable(step, () => run.sendTo(register.producer, "producer.register", register));
  }
  if (deregister) {
    await rejectable(step, () => run.sendTo(deregister.producer, "producer.deregister", deregister));
  }
  if (credit) await run.sendTo(credit.producer, "producer.credit", credit);
  if (drain !== undefined) run.drains.set(drain, run.sendTo(drain, "producer.drain", {}));
  if (drained !== undefined) await run.drains.get(drained);
  if (kill === "requester") await (await run.bed.adapter("requester")).kill();
  else if (kill !== undefined) await run.killProducer(kill);
}

async function changeListeners(run: ScenarioRun, step: Step): Promise<void> {
  const { update, update_listener, close } = step;
  if (update) await rejectable(step, () => run.send("listeners", "listener.update", update));
  if (update_listener) {
    const answer = await rejectable(step, () => run.send("requester", "update_listener", update_listener));
    if (step.topics) equal("topics", [...(answer?.topics ?? [])].sort(), [...step.topics].sort());
  }
  if (close !== undefined) {
    await run.send("listeners", "listener.close", { listener: close });
    run.listeners.delete(close);
  }
}

async function cancel(run: ScenarioRun, step: Step): Promise<void> {
  if (step.cancel_gather !== undefined) {
    await run.send("requester", "gather.cancel", { gather: step.cancel_gather });
  }
  if (step.cancel === undefined) return;
  const request_id = run.requestId(step.cancel);
  const answer = await rejectable(step, () => run.send("requester", "cancel", { request_id }));
  if (step.summary === undefined) return;
  const differs = checkSummary("the summary", run, answer?.summary, step.summary);
  if (differs) throw new Error(differs);
}

function equal(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}
