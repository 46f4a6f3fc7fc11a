import type { DeliveryFacts, EventOf } from "../history.js";
import type { Invariant } from "./violation.js";

/** H2. */
export const sameOrder: Invariant = {
  name: "same order",
  promise:
    "a position of a topic is the same result for every listener; a topic has one epoch per server life",
  *check({ facts, segments }) {
    const known = new Map<string, EventOf<"delivered">>();
    const positions = new Map<string, EventOf<"delivered">>();
    const epochs = new Map<string, string>();
    for (const { serverId, topic, epoch, items } of segments) {
      const first = epochs.get(`${serverId} ${topic}`) ?? epoch;
      if (epoch !== undefined && epoch !== first)
        yield [`${topic} has epochs ${first} and ${epoch}`, items[0]?.by];
      if (first !== undefined) epochs.set(`${serverId} ${topic}`, first);
      for (const item of items) {
        if (item.kind !== "delivered") continue;
        const place = `${serverId} ${topic} ${item.sequence}`;
        const other = known.get(place);
        if (other && identity(other) !== identity(item.by)) {
          yield [`${topic} ${item.sequence} is two different results`, other, item.by];
        }
        known.set(place, other ?? item.by);
        positions.set(`${item.by.requestId} ${item.by.ordinal}`, item.by);
      }
    }
    for (const event of facts.whole.all("gathered")) {
      const other = positions.get(`${event.requestId} ${event.ordinal}`);
      if (other && (other.sequence !== event.sequence || identity(other) !== identity(event))) {
        yield [
          `result ${event.ordinal} of ${event.requestId} is another one for its requester`,
          other,
          event,
        ];
      }
    }
  },
};

function identity({
  requestId,
  producerId,
  group,
  session,
  index,
  ordinal,
  more,
  digest,
}: DeliveryFacts): string {
  return [requestId, producerId, group, session, index, ordinal, more, digest].join(" ");
}
