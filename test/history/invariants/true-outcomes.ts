import type { Facts, Story } from "../facts.js";
import type { EventOf } from "../history.js";
import { everyTelling } from "./one-end.js";
import type { Finding, Invariant } from "./violation.js";

type Told = ReturnType<typeof everyTelling>[number];

/** The rest of H12: summaries and dispositions report what happened. */
export const trueOutcomes: Invariant = {
  name: "true outcomes",
  promise: "each reply has one disposition; outcomes and reasons match the acts of producers and callers",
  *check({ facts }) {
    for (const [session, story] of facts.sessions) yield* oneDisposition(facts, session, story);
    for (const story of facts.requests.values()) {
      const submitted = story.first("submitted");
      if (!submitted) continue;
      const assigned = story.all("assigned");
      for (const told of everyTelling(story)) {
        yield* reasonable(facts, story, submitted, told);
        for (const { producerId, state, resultCount } of told.outcomes) {
          const mine = [...assigned.values()].filter(
            ({ session }) => facts.producerOf(session) === producerId,
          );
          yield* asItWas(facts, story, told, producerId, state, resultCount, mine);
        }
      }
    }
  },
};

function* oneDisposition(facts: Facts, session: string, story: Story): Generator<Finding> {
  const opened = story.first("producerOpened");
  if (!opened) return;
  // Replies that are on their way when a stream ends get no disposition, even after a drain.
  const isWhole = opened.isExact && !story.has("producerBroken") && !story.has("producerEnded");
  // A late reply may be sent after the end of the run, which does not wait for its disposition.
  const settlingAt = facts.whole.first("settling")?.at ?? 0;
  const ids = new Set(story.events.flatMap((event) => ("assignmentId" in event ? [event.assignmentId] : [])));
  for (const assignmentId of ids) {
    const answers = facts.answers.get(`${session} ${assignmentId}`);
    const replies = answers?.all("replied") ?? [];
    const dispositions = answers?.all("disposed") ?? [];
    const [reply, disposition] = [replies.length, dispositions.length];
    const due = replies.filter(({ at }) => at < settlingAt).length;
    if (disposition > reply || (isWhole && disposition < due)) {
      yield [`${reply} replies have ${disposition} dispositions`, ...replies, ...dispositions];
    }
    const finals = new Set(replies.flatMap(({ more }, i) => (more ? [] : [i])));
    const taken = dispositions.filter(({ state }, i) => state === "ACCEPTED" && finals.has(i));
    if (opened.isExact && taken.length > 1) yield ["two final answers were accepted", ...taken];
    const unknown = dispositions.find(({ state }) => state === "UNKNOWN");
    if (unknown) yield ["what was asked is unknown when it is answered", unknown];
  }
}

/** The reason of an end has its cause in the history. */
function* reasonable(
  facts: Facts,
  story: Story,
  submitted: EventOf<"submitted">,
  told: Told,
): Generator<Finding> {
  const states = told.outcomes.map(({ state }) => state);
  switch (told.reason) {
    case "CANCELLED": {
      const callers = story.all("submitted").map(({ caller }) => facts.callers.get(caller));
      const hasLeft = callers.some((caller) => caller?.has("callerBroken") || caller?.has("callerEnded"));
      if (!story.has("cancelling") && !hasLeft) yield ["nobody has cancelled it", submitted, told];
      break;
    }
    case "ALL_ANSWERED":
      if (states.some((state) => state === "MISSED" || state === "CANCELLED"))
        yield ["not all have answered", told];
      break;
    case "POLICY_MET":
    case "STALLED":
      if (!submitted.hasPolicy) yield ["it had no policy", submitted, told];
      break;
    case "NO_PRODUCERS":
      if (states.length > 0) yield ["there were some", told];
      break;
    case "EXPIRED":
      if (states.every((state) => state === "ANSWERED" || state === "FAILED"))
        yield ["all had answered", told];
      break;
    case "SHUTDOWN":
      yield ["nothing was shut down", told];
  }
}

/** The outcome of one producer matches its replies. */
function* asItWas(
  facts: Facts,
  story: Story,
  told: Told,
  producerId: string,
  state: string,
  resultCount: number,
  assigned: readonly EventOf<"assigned">[],
): Generator<Finding> {
  const answers = assigned.map(({ session, assignmentId }) =>
    facts.answers.get(`${session} ${assignmentId}`),
  );
  const replies = answers.flatMap((answer) => answer?.all("replied") ?? []);
  const finals = replies.filter(({ more, at }) => !more && at < told.at);
  // If every reply has a disposition, the n-th disposition belongs to the n-th reply.
  const accepted = answers.flatMap((answer) => {
    const dispositions = answer?.all("disposed") ?? [];
    return (answer?.all("replied") ?? []).filter((_, i) => dispositions[i]?.state === "ACCEPTED");
  });
  const isExact = assigned.every(
    ({ session }) => facts.sessions.get(session)?.first("producerOpened")?.isExact,
  );
  const isFinal = accepted.find(({ more }) => !more);
  const isRunningOn = story.first("submitted")?.letsRun === true && told.kind !== "listenerTold";
  switch (state) {
    case "ANSWERED":
      if (!finals.some(({ isError }) => !isError)) yield [`${producerId} has not answered`, told];
      break;
    case "FAILED":
      if (!finals.some(({ isError }) => isError)) yield [`${producerId} has not failed`, told];
      break;
    case "SATURATED":
      // With LET_RUN, a queued assignment may still be sent after the end.
      if (!isRunningOn && assigned.some(({ attempt }) => attempt === lastAttempt(story))) {
        yield [`${producerId} is saturated, but got the assignment`, assigned[0], told];
      }
      break;
    case "DEPARTED":
      if (!hasLeft(facts, producerId, told.at)) yield [`${producerId} has not departed`, told];
      break;
    case "CANCELLED":
      if (told.reason === "EXPIRED" || told.reason === "ALL_ANSWERED")
        yield [`${producerId} was not cancelled`, told];
  }
  const isSettled = state === "ANSWERED" || state === "FAILED";
  if (isExact && isFinal && !isSettled && !isRunningOn && state !== "DEPARTED") {
    yield [`${producerId} is ${state}, and its answer was accepted`, isFinal, told];
  }
  if (isExact && isSettled && resultCount < 1) yield [`${producerId} has answered, but has no result`, told];
  // For a group, these are the results of all members that got the assignment.
  const others = new Set(
    told.outcomes.map((other) => other.producerId).filter((other) => other !== producerId),
  );
  const sent = story.all("replied").filter((reply) => !others.has(reply.producerId));
  if (resultCount > sent.length) yield [`${producerId} has not sent ${resultCount} results`, told];
}

function lastAttempt(story: Story): number {
  return Math.max(...story.all("assigned").map(({ attempt }) => attempt));
}

function hasLeft(facts: Facts, producerId: string, before: number): boolean {
  for (const story of facts.sessions.values()) {
    if (story.first("producerOpened")?.producerId !== producerId) continue;
    const left = story.events.some(
      ({ kind, at }) => ["producerBroken", "draining", "producerEnded"].includes(kind) && at < before,
    );
    if (left) return true;
  }
  return false;
}
