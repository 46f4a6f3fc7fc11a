/**
 * Whether a run was a test at all: it reached a load, and each kind of fault that was planned was seen to do something. A
 * run that did not is void, which is a failure and not a success.
 */
import { Facts } from "./facts.js";
import type { HistoryEvent } from "./history.js";
import type { Act, Plan } from "./plan.js";
import { GONE } from "./plan-peers.js";

/** Least per planned second: of requests that were accepted, and of results that listeners heard. */
const MIN_REQUESTS = 20;
const MIN_DELIVERIES = 60;

type Effect = (facts: Facts) => boolean;

/** What shows that something has happened. */
const EFFECTS: Readonly<Record<Act["kind"], Effect>> = {
  request: (facts) => facts.whole.has("accepted"),
  repeat: (facts) => [...facts.requests.values()].some((story) => story.all("accepted").length > 1),
  cancel: (facts) => facts.whole.all("cancellerTold").some(({ reason }) => reason === "CANCELLED"),
  register: (facts) => facts.whole.has("registered"),
  deregister: (facts) => facts.whole.has("deregistered"),
  listenTo: (facts) => facts.whole.all("topicsChanged").some(({ added }) => added.length > 0),
  leave: (facts) => facts.whole.all("topicsChanged").some(({ removed }) => removed.length > 0),
  severProducer: (facts) => hasComeBack(facts, "severProducer") && hasDeparted(facts),
  cutProducer: (facts) => hasComeBack(facts, "cutProducer"),
  drainProducer: (facts) => facts.whole.has("drained"),
  replaceProducer: (facts) => facts.whole.all("producerEnded").some(({ code }) => code === "ABORTED"),
  severListener: (facts) => hasResumed(facts, "severListener"),
  cutListener: (facts) => hasResumed(facts, "cutListener"),
  pauseListener: (facts) => hasGap(facts, "SLOW_LISTENER") || wasClosed(facts),
  severRequester: (facts) => hasLeft(facts, "severRequester"),
  cutRequester: (facts) => facts.whole.all("callerBroken").some(({ by }) => by === "cutRequester"),
  restartServer: (facts) => hasGap(facts, "EPOCH_CHANGED"),
};

/** Says why a run does not count; nothing if it does. */
export function voidness(plan: Plan, events: readonly HistoryEvent[]): readonly string[] {
  const facts = new Facts(events);
  const seconds = plan.ms / 1_000;
  const requests = new Set(facts.whole.all("accepted").map(({ requestId }) => requestId)).size;
  const deliveries = facts.whole.all("delivered").length;
  const why: string[] = [];
  if (requests < MIN_REQUESTS * seconds) why.push(`only ${requests} requests were accepted`);
  if (deliveries < MIN_DELIVERIES * seconds) why.push(`only ${deliveries} results were heard`);
  for (const kind of new Set(plan.acts.map((act) => act.kind))) {
    if (!EFFECTS[kind](facts)) why.push(`${kind} was planned and had no effect`);
  }
  const isOneGone = plan.acts.some((act) => "who" in act && act.who === GONE);
  if (isOneGone && !hasGap(facts, "RETENTION")) why.push("nothing was forgotten, as was planned");
  for (const state of ["ACCEPTED", "LATE", "DUPLICATE", "CANCELLED"]) {
    if (!facts.whole.all("disposed").some((event) => event.state === state))
      why.push(`no reply was ${state}`);
  }
  return why;
}

function hasGap(facts: Facts, reason: string): boolean {
  return facts.whole.all("gap").some((gap) => gap.reason === reason);
}

/** Whether a listener was closed since it did not read, as happens once what must not be lost is too much. */
function wasClosed(facts: Facts): boolean {
  return facts.whole.all("listenerEnded").some(({ code }) => code === "RESOURCE_EXHAUSTED");
}

/** Whether a producer to whom this happened was welcomed again. */
function hasComeBack(facts: Facts, fault: string): boolean {
  const broken = facts.whole.all("producerBroken").filter(({ by }) => by === fault);
  const welcomed = facts.whole.all("welcomed");
  return broken.some(({ session, at }) =>
    welcomed.some((again) => again.at > at && facts.producerOf(again.session) === facts.producerOf(session)),
  );
}

/** Whether a producer's end was noticed by a request. */
function hasDeparted(facts: Facts): boolean {
  const told = [...facts.whole.all("listenerTold"), ...facts.whole.all("callerTold")];
  return (
    told.some(({ outcomes }) => outcomes.some(({ state }) => state === "DEPARTED")) ||
    facts.whole.all("assigned").some(({ attempt }) => attempt > 1)
  );
}

/** Whether a listener to whom this happened came back and heard something. */
function hasResumed(facts: Facts, fault: string): boolean {
  return [...facts.streamsByListener().values()].some((streams) => {
    const events = streams.flatMap((story) => story.events);
    const broken = events.find((event) => event.kind === "listenerBroken" && event.by === fault);
    const ready = broken && events.find((event) => event.kind === "ready" && event.at > broken.at);
    return ready !== undefined && events.some((event) => event.kind === "delivered" && event.at > ready.at);
  });
}

/** Whether a requester that left was noticed: a request of its was cancelled. */
function hasLeft(facts: Facts, fault: string): boolean {
  const broken = new Set(
    facts.whole.all("callerBroken").flatMap(({ caller, by }) => (by === fault ? [caller] : [])),
  );
  if (broken.size === 0) return false;
  return facts.whole.all("revoked").some(({ reason }) => reason === "CALLER_GONE");
}
