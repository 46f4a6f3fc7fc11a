/**
 * Runs a random history of the core, and prints what the ledger has and what the process has grown by, in bytes.
 *
 *     node --expose-gc held-bytes-child.mjs <seed>
 *
 * It keeps numbers only, and makes each text when it is needed, so that all memory that it finds is the core's.
 */
import { Dispatcher } from "../../dist/core/dispatcher.js";

const STREAM_BYTES = 40_000;
const OPERATIONS = 15_000;
const WARM_UP = 3_000;
const PEERS = 5;
const MAX_TTL_MS = 3_600_000;

/** xorshift32: the same history for the same seed. */
let state = Number(process.argv[2]) | 1;
function random(max) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % max;
}
const chance = (percent) => random(100) < percent;
const pick = (list) => list[random(list.length)];
const times = (count, make) => Array.from({ length: count }, (_, i) => make(i));
/** A text of its own, as a decoder makes it: no part of another text, and no constant. */
const text = (parts) => Buffer.from(parts).toString();

let dispatcher = new Dispatcher("s", { recentRequests: 500 });
const sessions = [];
const callers = [];
/** Producers and listeners whose topics change, and listeners whose last part has not come. */
const producers = [];
const listeners = [];
const openings = [];
const assignments = [];
let now = 1_000;
let serial = 0;
let topicCount = 1;
/** How much of each the sessions and requests of this history have. */
const maxNames = 1 + random(60);
const maxPayload = 1 + random(2_000);
const heldPercent = random(100);
const idPercent = random(100);
const wildcardPercent = random(30);
const groupPercent = random(50);

/** Applies an input, and then the rest of its work. */
function step(input) {
  const effects = [...dispatcher.step(input, now)];
  for (const { kind, to } of effects) {
    if (kind === "continue") effects.push(...dispatcher.step({ kind: "workContinued", session: to }, now));
  }
  return effects;
}
const peerOf = (key) => text(`10.0.0.${key % PEERS}:${1 + (key % 60_000)}`);
const knownTopic = () => text(`topic.number.${random(topicCount)}`);
/** Patterns of some levels, most of which no other session has. */
const newPattern = () =>
  text(
    pick([
      `topic.${serial}.${++topicCount}.*`,
      `topic.*.${++topicCount}`,
      `${"a.".repeat(random(8))}${++topicCount}.>`,
    ]),
  );
const newName = () => (chance(wildcardPercent) ? newPattern() : text(`topic.number.${++topicCount}`));
const names = () => times(random(maxNames), newName);
const group = () => (chance(groupPercent) ? text(`group-${random(5)}`) : "");
const registrations = () => names().map((topic) => ({ topic, group: group() }));
const cursors = () =>
  times(random(maxNames), () => ({
    ...{ topic: chance(50) ? knownTopic() : text(`topic.number.${++topicCount}`), sequence: random(100) },
    epoch: text(`0123456789abcdef-${random(topicCount)}`),
  }));

/** The principals of a history: none in half of them. The edge has one text for all calls of a principal. */
const principals = chance(50) ? [""] : ["", "orders-api", "spiffe://prod/ns/trading/sa/quotes"];
const principal = () => pick(principals);

function keep(effects) {
  for (const { kind, to, assignment } of effects) if (kind === "assign") assignments.push([to, assignment]);
}

function openProducer() {
  const session = ++serial;
  sessions.push(session);
  producers.push(session);
  keep(
    step({
      ...{ kind: "producerOpened", session, sessionId: text(`session-${session}`), producerId: "" },
      principal: principal(),
      ...{ mintedId: text(`producer-${session}`), displayName: chance(50) ? text(`name ${session}`) : "" },
      labels: times(random(5), (i) => [text(`label-${i}`), text("v".repeat(random(100)))]),
      registrations: registrations(),
      ...{ maxOutstanding: 1 + random(200), maxBacklog: 0, reportDispositions: false, peer: peerOf(session) },
    }),
  );
}

function openListener(cursorsFollow = false) {
  const session = ++serial;
  sessions.push(session);
  (cursorsFollow ? openings : listeners).push(session);
  step({
    ...{ kind: "listenerOpened", session, sessionId: text(`session-${session}`), listenerId: "" },
    principal: principal(),
    ...{ mintedId: text(`listener-${session}`), topics: names(), resumeFrom: cursors(), cursorsFollow },
    ...{
      includeLate: chance(50),
      includeSummaries: chance(50),
      overflowAction: "DROP_OLDEST",
      bufferBytes: 0,
    },
    ...{ group: group(), peer: peerOf(session) },
  });
}

const openInParts = () => openListener(true);

/** The next part of a listener that opens in parts, sometimes the last one. */
function sendPart() {
  const at = random(openings.length);
  if (openings.length === 0) return;
  const cursorsFollow = chance(60);
  const session = openings[at];
  step({ kind: "topicsUpdated", session, add: names(), remove: [], resumeFrom: cursors(), cursorsFollow });
  if (cursorsFollow) return;
  openings[at] = openings[openings.length - 1];
  openings.pop();
}

/** A producer or a listener adds some topics, and perhaps removes one of another session, which changes nothing. */
function changeTopics() {
  if (chance(50)) {
    const session = pick(producers) ?? 0;
    keep(step({ kind: "topicsRegistered", session, registrations: registrations(), correlationId: "" }));
    step({ kind: "topicsDeregistered", session, topics: [knownTopic()], correlationId: "" });
  } else step({ kind: "topicsUpdated", session: pick(listeners) ?? 0, add: names(), remove: [knownTopic()] });
}

function openCaller() {
  const session = ++serial;
  callers.push(session);
  step({ kind: "callerOpened", session, peer: peerOf(session) });
}

function completion() {
  return {
    until: { kind: "all" },
    stallTimeoutMs: undefined,
    minResults: 0,
    countErrors: false,
    loserAction: "CANCEL",
  };
}

function request() {
  const caller = chance(50) ? pick(callers) : undefined;
  const session = caller ?? ++serial;
  const id = chance(idPercent) ? text(`the-id-of-a-caller-${++serial}`) : "";
  const spec = {
    ...{ topic: chance(80) ? knownTopic() : text(`other.${++serial}`), requestId: id },
    ttlMs: chance(50) ? MAX_TTL_MS : 1 + random(5_000),
    completion: completion(),
    selector: chance(10)
      ? {
          producerIds: [],
          principals: [],
          matchLabels: times(random(4), (i) => [text(`label-${i}`), text("v".repeat(random(50)))]),
          maxTargets: random(3),
        }
      : undefined,
    noProducersAction: chance(heldPercent) ? "WAIT" : "COMPLETE",
    payload: new Uint8Array(chance(10) ? random(20_000) : random(maxPayload)),
  };
  keep(
    step({
      principal: principal(),
      ...{ kind: "requestSubmitted", session, correlationId: caller && "c", spec },
      ...{
        digest: id === "" ? "" : text("d".repeat(44)),
        mintedId: text(`01890a5d-ac96-774b-bcce-${++serial}`),
      },
      ...{ gather: caller !== undefined && chance(50), excludeListeners: false, validateOnly: false },
      ...{ callDeadlineAt: undefined, peer: peerOf(session) },
      context: chance(20) ? [[text("traceparent"), text(`00-${"a".repeat(52)}`)]] : [],
    }),
  );
}

function reply() {
  const at = random(assignments.length);
  const [session, assignment] = assignments[at] ?? [0, 0];
  const more = chance(10);
  if (!more) assignments[at] = assignments[assignments.length - 1];
  if (!more) assignments.pop();
  const failure = chance(10) ? { code: 5, message: text("e".repeat(random(1_000))) } : undefined;
  const payload = new Uint8Array(random(300));
  keep(
    step({ kind: "resultReturned", session, assignment, assignmentText: undefined, more, failure, payload }),
  );
}

function close() {
  const list = chance(70) ? sessions : callers;
  const at = random(list.length);
  if (list.length < 20) return;
  keep(step({ kind: "sessionClosed", session: list[at] }));
  list[at] = list[list.length - 1];
  list.pop();
}

function measure() {
  for (let i = 0; i < 4; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What the ledger has, without the part of the streams that is outside of the core. */
function charged() {
  const { held, counts } = dispatcher.snapshot();
  const streams = counts.producers + counts.listeners + counts.callers;
  return held.peerBytes + held.commonBytes - STREAM_BYTES * streams;
}

/** Each history has a mix of its own. */
const mix = [
  ...times(1 + random(6), () => openProducer),
  ...times(1 + random(6), () => () => openListener()),
  ...times(random(3), () => openInParts),
  ...times(random(4), () => sendPart),
  ...times(random(3), () => changeTopics),
  ...times(1 + random(4), () => openCaller),
  ...times(1 + random(6), () => close),
  ...times(20 + random(40), () => request),
  ...times(20 + random(40), () => reply),
];
function run(operations) {
  for (let i = 0; i < 20; i++) openCaller();
  for (let i = 0; i < operations; i++) {
    now += random(100) / 10;
    pick(mix)();
  }
  assignments.length = 0;
}

function closeAll() {
  for (const session of [...sessions, ...callers]) step({ kind: "sessionClosed", session });
  for (const list of [sessions, callers, producers, listeners, openings]) list.length = 0;
  for (let i = 0; i < 3; i++) {
    now += 3 * MAX_TTL_MS;
    step({ kind: "clockAdvanced" });
  }
}

// The first history is for the code, which V8 compiles as it is used.
run(WARM_UP);
closeAll();
dispatcher = new Dispatcher("s", { recentRequests: 500 });
const before = measure();
run(OPERATIONS);
const full = { charged: charged(), measured: measure() - before };
closeAll();
const { held } = dispatcher.snapshot();
process.stdout.write(JSON.stringify({ ...full, peersAtEnd: held.peers, peerBytesAtEnd: held.peerBytes }));
