import { describe, expect, it, vi } from "vitest";
import { anyAccount } from "../../../test/support/account.js";
import { PatternTree } from "../tables/pattern-tree.js";
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

    expect(router.routes("b").ungrouped.targets).toEqual([{ producerId: "p2", principal: "", group: "" }]);
    expect(router.routes("a").ungrouped.targets).toBe(targets);
  });
});

describe("a pattern that is registered and removed between requests", () => {
  const DEPTH = 8;
  const TOPIC = `${"a.".repeat(DEPTH)}b`;

  /** A router with 256 patterns that all cover the topic, each of a group of its own. */
  function serving() {
    const topics = new Topics("s", DEFAULT_LIMITS);
    const router = new Router(topics);
    const one = producer(1);
    for (let bits = 0; bits < 2 ** DEPTH; bits++) {
      const tokens = Array.from({ length: DEPTH }, (_, i) => ((bits >> i) & 1 ? "*" : "a"));
      router.registerProducer(one, [...tokens, "*"].join("."), `g${bits}`);
    }
    router.open(TOPIC, anyAccount());
    return { topics, router };
  }

  /** Number of searches for the patterns of a topic. */
  function searches(run: () => void): number {
    const visit = vi.spyOn(PatternTree.prototype, "visit");
    run();
    const { length } = visit.mock.calls;
    visit.mockRestore();
    return length;
  }

  it("costs no search on the topics that it does not cover", () => {
    const { router } = serving();
    const other = producer(2);
    const before = router.routes(TOPIC);

    const count = searches(() => {
      for (let i = 0; i < 100; i++) {
        router.registerProducer(other, "zz.*", "");
        router.deregisterProducer(other, "zz.*", 0);
        expect(router.routes(TOPIC)).toBe(before);
      }
    });

    expect(count).toBe(0);
  });

  it("costs one search, for producers and listeners each, on a topic that it covers", () => {
    const { router } = serving();
    const other = producer(2);
    router.routes(TOPIC);

    for (const pattern of ["a.>", "*.a.>", ">"]) {
      router.registerProducer(other, pattern, "");
      expect(routesOn(router, TOPIC)[""]).toEqual(["p2"]);
      router.deregisterProducer(other, pattern, 0);
      expect(searches(() => expect(routesOn(router, TOPIC)[""]).toEqual([]))).toBeLessThanOrEqual(2);
    }
  });

  it("is noticed, although many others were changed since the topic was asked", () => {
    const { router } = serving();
    const other = producer(2);
    router.routes(TOPIC);

    router.registerProducer(other, "a.>", "");
    for (let i = 0; i < 1_000; i++) router.registerProducer(other, `z${i}.*`, "");

    expect(routesOn(router, TOPIC)[""]).toEqual(["p2"]);
  });

  it("leaves the routes of other topics where they are when stale ones are dropped", () => {
    const { topics, router } = serving();
    const before = router.routes(TOPIC);
    router.registerProducer(producer(2), "zz.*", "");

    for (const _ of router.dropStaleRoutes()) {
      // All of it is done at once.
    }

    expect(topics.find(TOPIC)?.routes).toBe(before);
  });
});

describe("the routes of a topic without state", () => {
  it("are computed once for all look-ups of a request, and when a registration has changed", () => {
    const router = new Router(new Topics("s", DEFAULT_LIMITS));
    const compute = vi.spyOn(PatternTree.prototype, "visit");
    router.registerProducer(producer(1), "a.*", "");

    for (let i = 0; i < 3; i++) expect(routesOn(router, "a.b")).toEqual({ "": ["p1"] });
    router.open("a.b", anyAccount());
    expect(routesOn(router, "a.b")).toEqual({ "": ["p1"] });
    expect(compute).toHaveBeenCalledTimes(1);
    compute.mockRestore();

    router.routes("a.c");
    router.registerProducer(producer(2), "a.c", "");
    expect(routesOn(router, "a.c")).toEqual({ "": ["p2", "p1"] });
  });
});
