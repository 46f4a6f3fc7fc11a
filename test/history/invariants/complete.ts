import { covers } from "../covers.js";
import type { Facts, Story } from "../facts.js";
import type { EventOf } from "../history.js";
import type { Finding, Invariant } from "./violation.js";

/** H11. */
export const complete: Invariant = {
  name: "complete",
  promise: "exactly the producers registered at the acceptance of a request are asked",
  *check({ facts }) {
    const spans = [...facts.sessions.values()].flatMap(spansOf);
    for (const story of facts.requests.values()) {
      const submitted = story.first("submitted");
      const accepted = story.first("accepted");
      if (!submitted || !accepted || facts.isKilledWithin(submitted.at, accepted.at)) continue;
      const on = spans.filter(({ pattern }) => covers(pattern, submitted.topic));
      yield* invited(on, submitted, accepted);
      yield* strangers(on, submitted, accepted);
    }
    yield* unasked(facts);
  },
};

/** The time in which a session is registered on a pattern: possibly in the longer span, certainly in the shorter one. */
interface Span {
  readonly producerId: string;
  readonly pattern: string;
  readonly group: string;
  readonly perhapsFrom: number;
  certainFrom: number;
  certainTo: number;
  perhapsTo: number;
}

const NEVER = Number.POSITIVE_INFINITY;

/** The registrations of one session, with the known bounds of their times. */
function spansOf(story: Story): readonly Span[] {
  const opened = story.first("producerOpened");
  if (!opened) return [];
  const { producerId } = opened;
  const spans: Span[] = [];
  // The server confirms changes in their order.
  const registering: (readonly Span[])[] = [];
  const deregistering: EventOf<"deregistering">[] = [];
  const begin = (pattern: string, group: string, at: number): Span => {
    const span = {
      ...{ producerId, pattern, group },
      ...{ perhapsFrom: at, certainFrom: NEVER, certainTo: NEVER, perhapsTo: NEVER },
    };
    spans.push(span);
    return span;
  };
  for (const { topic, group } of opened.registrations) begin(topic, group, opened.at);
  for (const event of story.events) {
    const current = spans.filter(({ perhapsTo }) => perhapsTo === NEVER);
    const of = (topics: readonly string[]) => current.filter(({ pattern }) => topics.includes(pattern));
    switch (event.kind) {
      case "welcomed":
        for (const span of current) {
          if (span.perhapsFrom === opened.at) span.certainFrom = event.at;
        }
        break;
      case "registering": {
        const topics = event.registrations.map(({ topic }) => topic);
        // From now on its group may change at any moment.
        for (const span of of(topics)) span.certainTo = Math.min(span.certainTo, event.at);
        registering.push(event.registrations.map(({ topic, group }) => begin(topic, group, event.at)));
        break;
      }
      case "registered":
        for (const confirmed of registering.shift() ?? []) {
          confirmed.certainFrom = event.at;
          for (const span of of([confirmed.pattern])) {
            if (span.perhapsFrom < confirmed.perhapsFrom) span.perhapsTo = event.at;
          }
        }
        break;
      case "deregistering":
        deregistering.push(event);
        for (const span of of(event.topics)) span.certainTo = Math.min(span.certainTo, event.at);
        break;
      case "deregistered": {
        const confirmed = deregistering.shift();
        for (const span of of(confirmed?.topics ?? [])) {
          if (confirmed && span.perhapsFrom < confirmed.at) span.perhapsTo = event.at;
        }
        break;
      }
      case "draining":
      case "producerBroken":
        for (const span of current) span.certainTo = Math.min(span.certainTo, event.at);
        break;
      case "drained":
      case "producerEnded":
        for (const span of current) {
          span.certainTo = Math.min(span.certainTo, event.at);
          if (story.has("drained")) span.perhapsTo = event.at;
        }
        break;
    }
  }
  return spans;
}

/** Every producer that was certainly registered must be a target. */
function* invited(
  on: readonly Span[],
  submitted: EventOf<"submitted">,
  accepted: EventOf<"accepted">,
): Generator<Finding> {
  if (submitted.selects) return;
  const certain = on.filter((span) => span.certainFrom < submitted.at && span.certainTo > accepted.at);
  for (const { producerId, group } of certain) {
    // One registration without a group is enough. With several groups, its other registrations matter as well.
    const groups = new Set(on.filter((span) => span.producerId === producerId).map((span) => span.group));
    if (group !== "" && groups.size > 1) continue;
    const isAsked = accepted.targets.some((target) =>
      group === "" ? target.producerId === producerId && target.group === "" : target.group === group,
    );
    if (!isAsked) yield [`${producerId} was registered and is not a target`, submitted, accepted];
  }
}

/** A producer that cannot have been registered must not be a target. */
function* strangers(
  on: readonly Span[],
  submitted: EventOf<"submitted">,
  accepted: EventOf<"accepted">,
): Generator<Finding> {
  for (const { producerId, group } of accepted.targets) {
    const isThere = on.some(
      (span) =>
        span.producerId === producerId &&
        span.group === group &&
        span.perhapsFrom < accepted.at &&
        span.perhapsTo > submitted.at,
    );
    if (!isThere)
      yield [`${producerId} (group "${group}") was not registered and is a target`, submitted, accepted];
  }
}

/** A producer whose outcome says that it got the assignment did get it, if its session lasted. */
function* unasked(facts: Facts): Generator<Finding> {
  const asked = new Set(
    facts.whole.all("assigned").map(({ requestId, session }) => `${requestId} ${facts.producerOf(session)}`),
  );
  const broken = new Set<string>();
  for (const { kind, ...event } of facts.events) {
    if (kind === "producerBroken" || kind === "producerEnded") {
      broken.add(facts.producerOf((event as { readonly session: string }).session));
    }
  }
  for (const told of [...facts.whole.all("callerTold"), ...facts.whole.all("listenerTold")]) {
    for (const { producerId, state } of told.outcomes) {
      if (!["ANSWERED", "FAILED", "MISSED", "CANCELLED"].includes(state) || broken.has(producerId)) continue;
      if (!asked.has(`${told.requestId} ${producerId}`))
        yield [`${producerId} never got the assignment`, told];
    }
  }
}
