import type { Facts } from "../facts.js";
import type { Finding, Invariant } from "./violation.js";

/** H18. Counts are exact, except for events that a disconnected actor may have missed. */
export const counters: Invariant = {
  name: "counters",
  promise: "the server's counters equal the events of the history",
  *check({ facts }) {
    const quiet = facts.whole.first("quiet");
    if (!quiet) return;
    const counted = new Counted(facts, quiet.serverId);
    const bounds: Readonly<Record<string, Bound>> = {
      acceptedRequests: requests(facts, counted),
      assignments: assignments(facts, counted),
      ...replies(facts, counted),
      deliveries: deliveries(facts, counted),
      droppedDeliveries: { min: lost(facts, counted), max: Number.POSITIVE_INFINITY },
    };
    for (const [name, { min, max }] of Object.entries(bounds)) {
      const count = quiet.totals[name];
      if (count === undefined || count < min || count > max) {
        yield [
          `${name} is ${count}, and was ${min === max ? min : `${min} to ${max}`}`,
          quiet,
        ] satisfies Finding;
      }
    }
  },
};

interface Bound {
  readonly min: number;
  readonly max: number;
}

/** The events on the server whose counters are read. After a restart it is not the first server. */
class Counted {
  readonly #sessions: ReadonlySet<string>;
  readonly #startedAt: number;
  readonly #killedAt: number;

  constructor(facts: Facts, serverId: string) {
    const of = [...facts.whole.all("welcomed"), ...facts.whole.all("ready")];
    this.#sessions = new Set(
      of.flatMap((event) =>
        event.serverId === serverId ? ["session" in event ? event.session : event.stream] : [],
      ),
    );
    this.#startedAt = facts.whole.all("serverStarted").at(-1)?.at ?? 0;
    this.#killedAt = facts.whole.all("serverKilled").at(-1)?.at ?? 0;
  }

  /** The events of its sessions and streams. A listener of a client spans servers, so its events are split by time. */
  on<E extends { readonly at: number; readonly session?: string; readonly stream?: string }>(
    events: readonly E[],
    key: "session" | "stream",
  ): readonly E[] {
    return events.filter((event) => this.#sessions.has(event[key] ?? "") && event.at > this.#startedAt);
  }

  /** Whether a message of an instant may have reached this server. */
  mayHave(sentAt: number): boolean {
    return sentAt > this.#killedAt;
  }

  /** Whether an event of an instant came from this server, if the event names no session. */
  has(at: number): boolean {
    return at > this.#startedAt;
  }
}

function requests(facts: Facts, counted: Counted): Bound {
  const accepted = new Set<string>();
  const unknown = new Set<string>();
  for (const [requestId, story] of facts.requests) {
    if (!story.all("submitted").some(({ at }) => counted.mayHave(at))) continue;
    const signs = [...counted.on(story.all("assigned"), "session"), ...story.all("accepted")];
    if (signs.some(({ at }) => counted.has(at))) accepted.add(requestId);
    else if (!story.has("refused")) unknown.add(requestId);
  }
  return { min: accepted.size, max: accepted.size + unknown.size };
}

/** Messages to a broken session may be lost on the way. */
function assignments(facts: Facts, counted: Counted): Bound {
  const got = counted.on(facts.whole.all("assigned"), "session").length;
  const ends = [...facts.whole.all("producerBroken"), ...facts.whole.all("producerEnded")];
  const isWhole = counted.on(ends, "session").length === 0;
  return { min: got, max: isWhole ? got : Number.POSITIVE_INFINITY };
}

function replies(facts: Facts, counted: Counted): Readonly<Record<string, Bound>> {
  const names = {
    results: "ACCEPTED",
    lateResults: "LATE",
    duplicateResults: "DUPLICATE",
    unknownResults: "UNKNOWN",
    cancelledResults: "CANCELLED",
  };
  const disposed = counted.on(facts.whole.all("disposed"), "session");
  const replied = counted.on(facts.whole.all("replied"), "session");
  const open = Math.max(0, replied.length - disposed.length);
  return Object.fromEntries(
    Object.entries(names).map(([name, state]): [string, Bound] => {
      const min = disposed.filter((event) => event.state === state).length;
      return [name, { min, max: min + open }];
    }),
  );
}

function deliveries(facts: Facts, counted: Counted): Bound {
  // Replayed deliveries are not counted again.
  const heard = counted.on(facts.whole.all("delivered"), "stream").filter(({ stream }) => {
    const opened = facts.streams.get(stream)?.first("listenerOpened");
    return opened?.resumeFrom.length === 0 && !opened.isResumedByClient;
  });
  const gathered = facts.whole.all("gathered").filter(({ at }) => counted.has(at));
  return { min: heard.length + gathered.length, max: Number.POSITIVE_INFINITY };
}

function lost(facts: Facts, counted: Counted): number {
  const gaps = counted
    .on(facts.whole.all("gap"), "stream")
    .filter(({ reason }) => reason === "SLOW_LISTENER");
  return gaps.reduce((sum, { lostCount }) => sum + lostCount, 0);
}
