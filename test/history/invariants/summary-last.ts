import type { EventOf } from "../history.js";
import type { Finding, Invariant } from "./violation.js";

/** A listener's summary follows the last delivery of its request. */
export const summaryLast: Invariant = {
  name: "summary last",
  promise: "on a stream that includes summaries, the summary of a request follows its last result",
  *check({ facts }) {
    for (const story of facts.streams.values()) {
      yield* afterTheEnd(story.all("delivered"), story.all("listenerTold"));
      const opened = story.first("listenerOpened");
      const isWhole = !story.has("listenerEnded") && !story.has("changing") && opened?.group === "";
      if (!opened?.includeSummaries || !isWhole || !facts.whole.has("quiet")) continue;
      const told = new Set(story.all("listenerTold").map(({ requestId }) => requestId));
      const left = new Set(story.all("topicsChanged").flatMap(({ removed }) => removed));
      if (left.size > 0) continue;
      const readyAt = story.first("ready")?.at ?? 0;
      for (const event of story.all("delivered")) {
        // A replayed result may belong to a request whose summary arrived earlier.
        const askedAt = facts.requests.get(event.requestId)?.first("submitted")?.at ?? 0;
        if (askedAt < readyAt) continue;
        if (!event.late && !told.has(event.requestId)) yield [`${event.requestId} has not ended`, event];
      }
    }
    for (const story of facts.callers.values())
      yield* afterTheEnd(story.all("gathered"), story.all("callerTold"));
  },
};

function* afterTheEnd(
  results: readonly (EventOf<"delivered"> | EventOf<"gathered">)[],
  told: readonly (EventOf<"listenerTold"> | EventOf<"callerTold">)[],
): Generator<Finding> {
  const endedAt = new Map(told.map((event) => [event.requestId, event]));
  for (const event of results) {
    const end = endedAt.get(event.requestId);
    if (!event.late && end && end.at < event.at)
      yield [`a result arrived after the end of ${event.requestId}`, end, event];
  }
}
