import { describe, expect, it } from "vitest";
import { anyAccount } from "../../../test/support/account.js";
import { DEFAULT_LIMITS } from "../vocabulary/limits.js";
import { ListenerSession } from "./listener-session.js";
import { ProducerSession } from "./producer-session.js";
import { RouteCache } from "./route-cache.js";
import { Router } from "./router.js";
import type { Routes, TopicState } from "./topic-state.js";
import { Topics } from "./topics.js";

const ADMITTED = { account: anyAccount(), at: 0 };

function producer(session: number): ProducerSession {
  const opened = {
    ...{ kind: "producerOpened" as const, session, sessionId: "", producerId: `p${session}`, mintedId: "" },
    ...{ displayName: "", labels: [], registrations: [], maxOutstanding: 0, maxBacklog: 0 },
    ...{ reportDispositions: false, peer: "" },
  };
  return new ProducerSession(opened.producerId, opened, 1, 1, ADMITTED);
}

function listener(session: number): ListenerSession {
  const opened = {
    ...{ kind: "listenerOpened" as const, session, sessionId: "", listenerId: `l${session}`, mintedId: "" },
    ...{ topics: [], resumeFrom: [], includeLate: true, includeSummaries: true, group: "", peer: "" },
    ...{ overflowAction: "DROP_OLDEST" as const, bufferBytes: 0 },
  };
  return new ListenerSession(opened.listenerId, opened, "DROP_OLDEST", 0, ADMITTED);
}

const MAX_WORDS = 20_000;

function serving(cache = new RouteCache()): { topics: Topics; router: Router } {
  const topics = new Topics("s", DEFAULT_LIMITS, cache);
  return { topics, router: new Router(topics) };
}

function register(router: Router, one: ListenerSession, name: string): void {
  one.topics.add(router.addRegistration(one, name, ""));
  router.changeListener(one, [name]);
}

function dropStaleRoutes(router: Router): void {
  for (const _ of router.dropStaleRoutes()) {
    // All of it is done at once.
  }
}

function membersOf({ groups }: Routes): readonly (readonly ProducerSession[])[] {
  return [...groups.values()].map(({ members }) => members);
}

/** Number of elements of the lists that the topics' routes hold, each list once. */
function elementsHeld(topics: Topics): number {
  const lists = new Set<readonly unknown[]>();
  for (const { routes } of topics.all()) {
    if (!routes) continue;
    const { ungrouped, audience, lateAudience, summaryAudience, wildcardListeners } = routes;
    for (const one of [audience, lateAudience, summaryAudience]) lists.add(one.members);
    for (const list of [ungrouped.producers, ungrouped.choices, wildcardListeners]) lists.add(list);
    for (const list of [...membersOf(routes), ...routes.listenerGroups]) lists.add(list);
  }
  return [...lists].reduce((sum, { length }) => sum + length, 0);
}

describe("the routes of many topics", () => {
  it("hold a bounded number of members, whatever the topics have in common", () => {
    const { topics, router } = serving(new RouteCache(MAX_WORDS));
    for (let i = 0; i < 200; i++) {
      router.registerProducer(producer(i), ">", i % 2 ? "g" : "");
      register(router, listener(10_000 + i), ">");
    }
    const extra = producer(5_000);
    for (let i = 0; i < 1_000; i++) {
      if (i % 2) router.registerProducer(extra, `t.${i}`, "");
      router.open(`t.${i}`, ADMITTED.account);
      router.routes(`t.${i}`);
    }

    expect(elementsHeld(topics)).toBeLessThanOrEqual(MAX_WORDS);
    expect(topics.routes.size).toBeGreaterThan(5);
  });

  it("hold a bounded number of members if no two topics have the same listeners", () => {
    const { topics, router } = serving(new RouteCache(MAX_WORDS));
    for (let i = 0; i < 200; i++) register(router, listener(i), ">");
    for (let i = 0; i < 1_000; i++) {
      register(router, listener(10_000 + i), `t.${i}`);
      router.open(`t.${i}`, ADMITTED.account);
      router.routes(`t.${i}`);
    }

    expect(elementsHeld(topics)).toBeLessThanOrEqual(MAX_WORDS);
    expect(topics.routes.size).toBeGreaterThan(5);
  });

  it("are shared by the topics with the same listeners and producers, which are counted once", () => {
    const { topics, router } = serving();
    const listeners = Array.from({ length: 500 }, (_, i) => listener(i));
    const producers = Array.from({ length: 500 }, (_, i) => producer(5_000 + i));
    for (const name of ["a", "b", "c"]) {
      for (const one of listeners) register(router, one, name);
      for (const one of producers) router.registerProducer(one, name, "");
    }
    router.routes("a");
    const one = topics.routes.wordCount;
    router.routes("b");
    router.routes("c");

    expect(one).toBeGreaterThan(500);
    expect(topics.routes.wordCount).toBeLessThan(one + 200);
  });

  it("are dropped with their topic", () => {
    const { topics, router } = serving();
    const one = producer(1);
    for (let i = 0; i < 10; i++) {
      router.registerProducer(one, `t.${i}`, "g");
      router.routes(`t.${i}`);
      router.deregisterProducer(one, `t.${i}`, 0);
    }

    expect([topics.size, topics.routes.size, topics.routes.wordCount]).toEqual([0, 0, 0]);
  });

  it("keep no session that has ended once stale routes are dropped", () => {
    const { topics, router } = serving();
    const [gone, stays] = [producer(1), producer(2)];
    for (const name of ["a", "b.c"]) router.registerProducer(stays, name, "");
    router.registerProducer(gone, "a", "");
    router.registerProducer(gone, "b.*", "");
    const before: readonly Routes[] = ["a", "b.c"].map((name) => router.routes(name));
    router.deregisterProducer(gone, "a", 0);
    router.deregisterProducer(gone, "b.*", 0);

    expect(router.hasStaleRoutes).toBe(true);
    dropStaleRoutes(router);

    expect(before.every(({ ungrouped }) => ungrouped.producers.includes(gone))).toBe(true);
    expect([...topics.all()].map(({ routes }) => routes)).toEqual([undefined, undefined]);
    expect([topics.routes.size, topics.routes.wordCount, router.hasStaleRoutes]).toEqual([0, 0, false]);
  });

  it("stay if no registration of the topic changed", () => {
    const { topics, router } = serving();
    router.registerProducer(producer(1), "a", "");
    const routes = router.routes("a");
    router.registerProducer(producer(2), "b", "");
    dropStaleRoutes(router);

    expect(topics.find("a")?.routes).toBe(routes);
    expect(router.routes("a")).toBe(routes);
  });
});

describe("the rotation of a group", () => {
  it("goes on where it was, although the routes were dropped", () => {
    const { topics, router } = serving();
    for (let i = 0; i < 3; i++) router.registerProducer(producer(i), "a", "g");
    const group = router.routes("a").groups.get("g");
    if (group) group.position = 2;

    topics.routes.drop(topics.find("a") as TopicState);

    expect(topics.routes.size).toBe(0);
    expect(router.routes("a").groups.get("g")?.position).toBe(2);
  });

  it("is kept for the newest routes, however small the cache is", () => {
    const cache = new RouteCache(0);
    const { topics, router } = serving();
    for (let i = 0; i < 3; i++) router.registerProducer(producer(i), ">", "g");
    const [a, b] = [router.open("a", ADMITTED.account), router.open("b", ADMITTED.account)] as [
      TopicState,
      TopicState,
    ];
    for (const topic of [a, b]) cache.set(topic, router.routes(topic.name));

    expect(topics.size).toBe(2);
    expect(a.routes).toBeUndefined();
    expect(b.routes?.groups.size).toBe(1);
    expect(cache.size).toBe(1);
  });
});
