/**
 * Decides whether a run counts: it must reach a minimum load, and each kind of planned fault must have an effect. Any other
 * run is void, which is a failure.
 */
import { Facts } from "./facts.js";
import type { HistoryEvent } from "./history.js";
import type { Act, Plan } from "./plan.js";
import { GONE } from "./plan-actors.js";

/** Minimum of accepted requests and of deliveries to listeners, per planned second. */
const MIN_REQUESTS = 20;
const MIN_DELIVERIES = 60;

type Effect = (facts: Facts) => boolean;

/** Whether an act had an effect. */
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

/** Returns why a run is void; empty if it counts. */
export function voidness(plan: Plan, events: readonly HistoryEvent[]): readonly string[] {
  const facts = new Facts(events);
  const seconds = plan.ms / 1_000;
  const requests = new Set(facts.whole.all("accepted").map(({ requestId }) => requestId)).size;
  const deliveries = facts.whole.all("delivered").length;
  const why: string[] = [];
  if (requests < MIN_REQUESTS * seconds) why.push(`only ${requests} requests were accepted`);
  if (deliveries < MIN_DELIVERIES * seconds) why.push(`only ${deliveries} results were received`);
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

/** Whether the server closed a listener that did not read and whose results must not be dropped. */
function wasClosed(facts: Facts): boolean {
  return facts.whole.all("listenerEnded").some(({ code }) => code === "RESOURCE_EXHAUSTED");
}

/** Whether a producer with this fault was welcomed again. */
function hasComeBack(facts: Facts, fault: string): boolean {
  const broken = facts.whole.all("producerBroken").filter(({ by }) => by === fault);
  const welcomed = facts.whole.all("welcomed");
  return broken.some(({ session, at }) =>
    welcomed.some((again) => again.at > at && facts.producerOf(again.session) === facts.producerOf(session)),
  );
}

/** Whether a producer departed from a request. */
function hasDeparted(facts: Facts): boolean {
  const told = [...facts.whole.all("listenerTold"), ...facts.whole.all("callerTold")];
  return (
    told.some(({ outcomes }) => outcomes.some(({ state }) => state === "DEPARTED")) ||
    facts.whole.all("assigned").some(({ attempt }) => attempt > 1)
  );
}

/** Whether a listener with this fault reconnected and received a result. */
function hasResumed(facts: Facts, fault: string): boolean {
  return [...facts.streamsByListener().values()].some((streams) => {
    const events = streams.flatMap((story) => story.events);
    const broken = events.find((event) => event.kind === "listenerBroken" && event.by === fault);
    const ready = broken && events.find((event) => event.kind === "ready" && event.at > broken.at);
    return ready !== undefined && events.some((event) => event.kind === "delivered" && event.at > ready.at);
  });
}

/** Whether the server cancelled a request of a disconnected requester. */
function hasLeft(facts: Facts, fault: string): boolean {
  const broken = new Set(
    facts.whole.all("callerBroken").flatMap(({ caller, by }) => (by === fault ? [caller] : [])),
  );
  if (broken.size === 0) return false;
  return facts.whole.all("revoked").some(({ reason }) => reason === "CALLER_GONE");
}
