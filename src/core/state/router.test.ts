import { describe, expect, it } from "vitest";
import { anyAccount } from "../../../test/support/account.js";
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
  return new ProducerSession(opened.producerId, opened, 1, 1, { account: anyAccount(), at: 0 });
}

/** The producers that are asked on a topic without a group, and the members of each group. */
function routesOn(router: Router, topic: string) {
  const { ungrouped, groups } = router.routes(topic);
  const ids = (producers: readonly ProducerSession[]) => producers.map(({ producerId }) => producerId);
  return {
    "": ids(ungrouped.producers),
    ...Object.fromEntries([...groups].map(([name, { members }]) => [name, ids(members)])),
  };
}

describe("a producer with several registrations that cover a topic", () => {
  it.each([
    [
      ["w.>", ""],
      ["w.a", "g"],
    ],
    [
      ["w.a", ""],
      ["w.>", "g"],
    ],
    [
      ["w.*", ""],
      ["w.>", "g"],
    ],
    [
      ["w.>", ""],
      ["w.*", "g"],
    ],
  ] as const)("counts without a group, and for no group, if %s and %s", (...registrations) => {
    const router = new Router(new Topics("s", DEFAULT_LIMITS));
    const one = producer(1);
    for (const [pattern, group] of registrations) router.registerProducer(one, pattern, group);
    router.registerProducer(producer(2), "w.a", "g");

    expect(routesOn(router, "w.a")).toEqual({ "": ["p1"], g: ["p2"] });

    const [ungrouped] = registrations.find(([, group]) => group === "") ?? [];
    router.deregisterProducer(one, ungrouped ?? "", 0);
    expect(routesOn(router, "w.a")).toEqual({ "": [], g: expect.arrayContaining(["p1", "p2"]) });
  });

  it("is a member of each of its groups", () => {
    const router = new Router(new Topics("s", DEFAULT_LIMITS));
    const one = producer(1);
    for (const [pattern, group] of [
      ["w.a", "g"],
      ["w.*", "h"],
      ["w.>", "g"],
      ["x", "i"],
    ] as const) {
      router.registerProducer(one, pattern, group);
    }

    expect(routesOn(router, "w.a")).toEqual({ "": [], g: ["p1"], h: ["p1"] });
    expect(routesOn(router, "w.b")).toEqual({ "": [], h: ["p1"], g: ["p1"] });
  });
});

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
