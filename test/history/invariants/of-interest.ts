import { isCovered } from "../covers.js";
import type { Invariant } from "./violation.js";

/** Listeners get what they listen to, and late results and summaries only if they asked for them. */
export const ofInterest: Invariant = {
  name: "of interest",
  promise: "a stream carries only its topics, and late results and summaries only if it includes them",
  *check({ facts }) {
    for (const story of facts.streams.values()) {
      const opened = story.first("listenerOpened");
      if (!opened) continue;
      const topics = new Set(opened.topics);
      for (const event of story.events) {
        if (event.kind === "topicsChanged") {
          for (const topic of event.removed) topics.delete(topic);
          for (const topic of event.added) topics.add(topic);
        } else if (event.kind === "delivered") {
          if (event.late && !opened.includeLate) yield ["late results are not wanted", event];
          if (event.late !== (event.sequence === 0)) yield ["only late results have no position", event];
          const isKnown = isCovered(topics, event.topic) || opened.isResumedByClient;
          if (!isKnown) yield [`the stream is not on ${event.topic}`, event];
        } else if (event.kind === "listenerTold") {
          if (!opened.includeSummaries) yield ["summaries are not wanted", event];
        }
      }
    }
    for (const event of facts.whole.all("delivered")) {
      const request = facts.requests.get(event.requestId)?.first("submitted");
      if (request?.excludeListeners) yield ["this is for its requester alone", request, event];
    }
    for (const event of facts.whole.all("gathered")) {
      if (event.late) yield ["a requester gets nothing late", event];
    }
  },
};
