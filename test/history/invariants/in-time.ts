import type { Facts } from "../facts.js";
import type { Invariant } from "./violation.js";

/** Durations are rounded on the wire; in milliseconds. */
const ROUNDING_MS = 1;
/** Maximum delay of an end after its TTL, in milliseconds, unless a process was busy. */
const PROMPT_MS = 50;

/** H8 and H9. */
export const inTime: Invariant = {
  name: "in time",
  promise: "exactly the results processed within the TTL are in time, and a request ends by its TTL",
  *check({ facts }) {
    const busy = busyTimes(facts);
    for (const story of facts.requests.values()) {
      const submitted = story.first("submitted");
      if (!submitted) continue;
      const { ttlMs } = submitted;
      const accepted = story.first("accepted");
      // The server accepted the request between these instants.
      const soonest = submitted.at + ttlMs - ROUNDING_MS;
      const latest = accepted ? accepted.at + ttlMs + ROUNDING_MS : Number.POSITIVE_INFINITY;
      const replies = new Map(
        story.all("replied").map((reply) => [`${reply.session} ${reply.index}`, reply]),
      );
      for (const event of [...story.all("delivered"), ...story.all("gathered")]) {
        if (event.late) continue;
        const reply = replies.get(`${event.session} ${event.index}`);
        if (event.latencyMs > ttlMs + ROUNDING_MS)
          yield [`${event.latencyMs} ms are more than ${ttlMs} ms`, event];
        if (reply && reply.at > latest)
          yield ["it was sent after the TTL and counted", accepted, reply, event];
      }
      for (const { session, assignmentId } of story.all("assigned")) {
        for (const event of facts.dispositionsOf(session, assignmentId)) {
          if (event.state === "LATE" && event.at < soonest)
            yield ["a reply was LATE within the TTL", submitted, event];
        }
      }
      for (const told of [...story.all("callerTold"), ...story.all("listenerTold")]) {
        if (told.reason !== "EXPIRED") continue;
        if (told.at < soonest) yield ["the request expired before its TTL", submitted, told];
        // `elapsedMs` is by the server's clock, so only the server's busy time counts.
        const maxMs = ttlMs + PROMPT_MS + busyMs(busy, submitted.at + ttlMs, told.at);
        if (told.elapsedMs > maxMs)
          yield [`the request expired after ${told.elapsedMs} of ${ttlMs} ms`, told];
        if (told.elapsedMs < ttlMs - ROUNDING_MS)
          yield [`the request expired after ${told.elapsedMs} of ${ttlMs} ms`, told];
      }
      if (!accepted) continue;
      // A requester that repeats the request gets its end again, later.
      const told = story.all("callerTold").find(({ caller }) => caller === accepted.caller);
      if (told) {
        if (facts.isKilledWithin(submitted.at, told.at)) continue;
        const maxMs = ttlMs + PROMPT_MS + busyMs(busy, accepted.at + ttlMs, told.at);
        const tookMs = told.at - accepted.at;
        if (tookMs > maxMs) {
          yield [
            `the request ended ${tookMs} ms after its acceptance; the limit is ${maxMs} ms`,
            accepted,
            told,
          ];
        }
      }
    }
  },
};

/** The times in which this process was measurably busy or the server answered slowly. */
function busyTimes(facts: Facts): readonly BusyTime[] {
  return [
    ...facts.whole.all("stalled").map(({ at, ms }) => ({ from: at - ms, to: at })),
    ...facts.whole.all("probed").map(({ at, sentAt }) => ({ from: sentAt, to: at })),
  ];
}

interface BusyTime {
  readonly from: number;
  readonly to: number;
}

function busyMs(busy: readonly BusyTime[], from: number, to: number): number {
  const overlapping = busy.filter((time) => time.to >= from && time.from <= to);
  return overlapping.reduce((sum, time) => sum + time.to - time.from, 0);
}
