import type { EventOf } from "../history.js";
import type { Invariant } from "./violation.js";

/** H10. */
export const atMostOnce: Invariant = {
  name: "at most once",
  promise: "a session gets at most one assignment per request; only a departed group member is replaced",
  *check({ facts }) {
    const asked = new Map<string, EventOf<"assigned">>();
    const ids = new Map<string, EventOf<"assigned">>();
    for (const event of facts.whole.all("assigned")) {
      const { requestId, session, assignmentId, attempt } = event;
      const once = `${requestId} ${session}`;
      const other = asked.get(once);
      if (other) yield [`${session} got ${requestId} twice`, other, event];
      asked.set(once, event);
      const id = `${facts.serverAt(event.at)} ${assignmentId}`;
      const holder = ids.get(id);
      if (holder) yield [`assignment ${assignmentId} was sent twice`, holder, event];
      ids.set(id, event);
      if (attempt === 1) continue;
      const hasLeft = facts.whole
        .all("producerOpened")
        .some(({ session: left }) => leftBefore(facts.sessions.get(left)?.events ?? [], event.at));
      if (!hasLeft) yield [`${requestId} was sent again although no producer has departed`, event];
    }
  },
};

function leftBefore(events: readonly { readonly kind: string; readonly at: number }[], at: number): boolean {
  return events.some((e) => ["producerBroken", "draining", "producerEnded"].includes(e.kind) && e.at < at);
}
