import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../vocabulary/limits.js";
import { ProducerSession } from "./producer-session.js";
import { Router } from "./router.js";
import { Topics } from "./topics.js";

function producer(session: number): ProducerSession {
  const opened = {
    ...{ kind: "producerOpened" as const, session, sessionId: "", producerId: `p${session}`, mintedId: "" },
    ...{ displayName: "", labels: [], registrations: [], maxOutstanding: 0, maxBacklog: 0 },
    ...{ reportDispositions: false, peer: "" },
  };
  return new ProducerSession(opened.producerId, opened, 1, 1, 0);
}

describe("topics with the same producers", () => {
  it("share the choices of requests without a selector, until a producer joins or leaves", () => {
    const router = new Router(new Topics("s", DEFAULT_LIMITS));
    const [first, second] = [producer(1), producer(2)];
    for (const one of [first, second]) {
      for (const topic of ["a", "b"]) router.registerProducer(one, topic, "");
    }
    const { choices, targets } = router.routes("a").ungrouped;

    expect(targets.map(({ producerId }) => producerId)).toEqual(["p1", "p2"]);
    expect(router.routes("b").ungrouped.choices).toBe(choices);
    expect(router.routes("b").ungrouped.targets).toBe(targets);

    router.deregisterProducer(first, "b", 0);

    expect(router.routes("b").ungrouped.targets).toEqual([{ producerId: "p2", group: "" }]);
    expect(router.routes("a").ungrouped.targets).toBe(targets);
  });
});
