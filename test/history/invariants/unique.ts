import type { DeliveryFacts, HistoryEvent } from "../history.js";
import type { Invariant } from "./violation.js";

/** H3. */
export const unique: Invariant = {
  name: "unique",
  promise: "no listener gets a result or position twice, even over reconnects; a listener group gets it once",
  *check({ facts }) {
    const seen = new Map<string, HistoryEvent>();
    for (const event of facts.events) {
      if (event.kind !== "delivered" && event.kind !== "gathered") continue;
      for (const key of keysOf(event)) {
        const whole = `${receiverOf(event)} ${key}`;
        const other = seen.get(whole);
        if (other) yield [`${key} arrived twice`, other, event];
        seen.set(whole, event);
      }
    }

    function receiverOf(event: HistoryEvent): string {
      if (event.kind !== "delivered") return "caller" in event ? event.caller : "";
      const opened = facts.streams.get(event.stream)?.first("listenerOpened");
      return opened?.group || opened?.listener || event.stream;
    }

    function keysOf(
      event: DeliveryFacts & { readonly at: number; readonly kind: string },
    ): readonly string[] {
      const result = `result ${event.index} of ${event.session} for ${event.requestId}`;
      const position = `${event.topic} ${event.sequence}`;
      return event.sequence === 0
        ? [result]
        : [result, `position ${position} of ${facts.serverAt(event.at)}`];
    }
  },
};
