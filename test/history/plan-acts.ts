/** Plans the acts of a run and their instants. */
import type { Act, ActorSpecs, CompletionSpec, Fault, RequestSpec } from "./plan.js";
import { BULK_TOPIC, FLOOD_PRODUCER, GONE, PATTERNS, TOPICS } from "./plan-actors.js";
import type { Random } from "./random.js";

/** TTLs of requests, in milliseconds. */
const TTLS_MS = [30, 60, 100, 200, 300, 400, 600, 800, 1_500, 2_500] as const;
/** Mean times between two acts of a kind, in milliseconds. */
const REQUEST_EVERY_MS = 14;
const CHANGE_EVERY_MS = 120;
const FAULT_EVERY_MS = 250;
/** Length of the last part of a run, without faults, in milliseconds. */
const CALM_MS = 1_500;
/** Time that a server needs to restart on a busy machine, in milliseconds; no other act happens in it. */
const RESTART_MS = 1_500;
/** How long a listener does not read, in milliseconds. The flood in that time exceeds all buffers on the way. */
const PAUSE_MS = 2_000;
/** Time after which a reconnecting actor is live again, in milliseconds. */
const BACK_MS = 500;
/** Time in which a draining producer finishes its assignments, in milliseconds. */
const DRAIN_MS = Math.max(...TTLS_MS) + BACK_MS;

/** Plans all acts. */
export function planActs(random: Random, ms: number, actors: ActorSpecs, restarts: boolean): readonly Act[] {
  const restartAt = restarts ? Math.round(ms * (0.4 + random.next() * 0.2)) : Number.POSITIVE_INFINITY;
  const acts: Act[] = [
    ...requests(random, ms, actors),
    ...changes(random, ms, actors),
    ...faults(random, ms, actors),
    ...floods(ms, restartAt),
  ];
  const isSound = (act: Act) => act.atMs < restartAt - lastsMs(act) || act.atMs > restartAt + RESTART_MS;
  const kept = acts.filter((act) => act.kind === "request" || isSound(act));
  if (restarts) kept.push({ atMs: restartAt, kind: "restartServer", who: "server", backMs: 0 });
  return kept.sort((a, b) => a.atMs - b.atMs);
}

/** The longest time until an act has its effect, in milliseconds. */
function lastsMs(act: Act): number {
  if (act.kind === "drainProducer") return DRAIN_MS;
  return Math.max(PAUSE_MS, "backMs" in act ? act.backMs + BACK_MS : 0);
}

/** Random instants up to `ms`, with a mean distance. */
function* instants(random: Random, ms: number, everyMs: number): Generator<number> {
  for (let atMs = 0; ; ) {
    atMs += -Math.log(1 - random.next()) * everyMs;
    if (atMs >= ms) return;
    yield Math.round(atMs);
  }
}

function* requests(random: Random, ms: number, { requesters }: ActorSpecs): Generator<Act> {
  let n = 0;
  for (const atMs of instants(random, ms, REQUEST_EVERY_MS)) {
    const requester = random.pick(requesters);
    const spec = requestSpec(random, `q${++n}`, requester.make === "client");
    yield { atMs, kind: "request", requester: requester.id, spec };
    // Only wire requesters repeat ids: client libraries may handle a repeated id themselves.
    if (requester.make === "submit" && random.chance(0.05)) {
      yield { atMs: atMs + random.int(0, 300), kind: "repeat", requester: requester.id, spec };
    }
    if (random.chance(0.08)) {
      yield { atMs: atMs + random.int(0, spec.ttlMs), kind: "cancel", requestId: spec.requestId };
    }
  }
}

function requestSpec(random: Random, requestId: string, isClients: boolean): RequestSpec {
  const gather = random.chance(0.65);
  const hasPolicy = gather && random.chance(0.4);
  return {
    requestId,
    topic: random.pick(TOPICS),
    ttlMs: random.pick(TTLS_MS),
    gather,
    excludeListeners: gather && random.chance(0.15),
    completion: hasPolicy ? completion(random) : undefined,
    maxTargets: random.chance(0.06) ? random.int(1, 3) : 0,
    label: random.chance(0.04) ? random.pick(["north", "south", "nowhere"]) : "",
    noProducers: random.weigh({ COMPLETE: 88, WAIT: 6, FAIL: isClients ? 0 : 6 }),
    payloadBytes: random.int(80, 600),
  };
}

function completion(random: Random): CompletionSpec {
  const loserAction = random.pick(["CANCEL", "LET_RUN"] as const);
  switch (random.weigh({ count: 3, quorum: 3, first: 3, stall: 3 })) {
    case "count":
      return { resultCount: random.int(1, 4), loserAction };
    case "quorum":
      return { quorumPercent: random.pick([25, 50, 75, 100]), loserAction };
    case "first":
      return { firstSuccess: true, loserAction };
    case "stall":
      return { stallTimeoutMs: random.int(10, 80), loserAction };
  }
}

function* changes(random: Random, ms: number, { producers, listeners }: ActorSpecs): Generator<Act> {
  const joining = producers.filter(({ id }) => id !== FLOOD_PRODUCER);
  const listening = listeners.filter(({ id }) => !["l0", "slow", GONE].includes(id));
  for (const atMs of instants(random, ms, CHANGE_EVERY_MS)) {
    const topic = random.chance(0.2) ? random.pick(PATTERNS) : random.pick(TOPICS);
    const producer = random.pick(joining);
    const who = producer.id;
    const listener = random.pick(listening).id;
    switch (random.weigh({ register: 3, deregister: 2, listenTo: 2, leave: 2 })) {
      case "register": {
        const group = random.pick(["", "", producer.registrations[0]?.group ?? ""]);
        yield { atMs, kind: "register", who, registration: { topic, group } };
        break;
      }
      case "deregister":
        yield { atMs, kind: "deregister", who, topic };
        break;
      case "listenTo":
        yield { atMs, kind: "listenTo", who: listener, topic };
        break;
      case "leave":
        yield { atMs, kind: "leave", who: listener, topic };
        break;
    }
  }
}

/** At least one act of each kind in a run that is long enough; further ones are random. */
function* faults(
  random: Random,
  ms: number,
  { producers, listeners, requesters }: ActorSpecs,
): Generator<Act> {
  const end = ms - CALM_MS;
  const of = <T extends { readonly id: string; readonly make: string }>(
    all: readonly T[],
    ...makes: string[]
  ) =>
    all.filter(({ id, make }) => makes.includes(make) && !["l0", "slow", FLOOD_PRODUCER, GONE].includes(id));
  const targets = {
    severProducer: of(producers, "wire", "process"),
    cutProducer: of(producers, "client", "wire"),
    drainProducer: of(producers, "wire", "process"),
    replaceProducer: of(producers, "wire"),
    severListener: of(listeners, "wire", "process"),
    cutListener: of(listeners, "client", "wire"),
    severRequester: of(requesters, "submit", "unary"),
    cutRequester: of(requesters, "submit", "client"),
  } as const satisfies Partial<Record<Fault, unknown>>;
  const kinds = Object.keys(targets) as (keyof typeof targets)[];
  let n = 0;
  for (const atMs of instants(random, end, FAULT_EVERY_MS)) {
    const kind = kinds[n++] ?? random.pick(kinds);
    yield {
      atMs,
      kind,
      who: random.pick<{ readonly id: string }>(targets[kind]).id,
      backMs: random.int(20, 600),
    };
  }
  if (!listeners.some(({ id }) => id === GONE)) return;
  for (let atMs = 500; atMs <= end - 3_000; atMs += 8_000) {
    yield { atMs, kind: "severListener", who: GONE, backMs: 2_500 };
  }
}

/** Now and then, a listener does not read during a flood. The first time is after a planned kill of the server. */
function* floods(ms: number, restartAt: number): Generator<Act> {
  const begin = restartAt === Number.POSITIVE_INFINITY ? 300 : restartAt + RESTART_MS + 100;
  let n = 0;
  for (let atMs = begin; atMs < ms - CALM_MS - PAUSE_MS; atMs += 30_000) {
    yield { atMs, kind: "pauseListener", who: "slow", backMs: PAUSE_MS };
    const spec: RequestSpec = {
      ...{
        requestId: `bulk${++n}`,
        topic: BULK_TOPIC,
        ttlMs: 60_000,
        gather: false,
        excludeListeners: false,
      },
      ...{ completion: undefined, maxTargets: 0, label: "", noProducers: "COMPLETE", payloadBytes: 100 },
    };
    yield { atMs: atMs + 100, kind: "request", requester: "r2", spec };
  }
}
