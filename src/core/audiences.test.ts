import { describe, expect, it } from "vitest";
import { Audiences } from "./audiences.js";
import { DEFAULT_LIMITS } from "./limits.js";
import { ListenerSession } from "./listener-session.js";
import { Router } from "./router.js";

function listener(session: number, more: { includeSummaries?: boolean } = {}): ListenerSession {
  const opened = {
    ...{ kind: "listenerOpened" as const, session, sessionId: "", listenerId: `l${session}`, mintedId: "" },
    ...{ topics: [], resumeFrom: [], includeLate: false, includeSummaries: false, group: "", peer: "" },
    ...{ overflowAction: "DROP_OLDEST" as const, bufferBytes: 0, path: "", ...more },
  };
  return new ListenerSession(opened.listenerId, opened, "DROP_OLDEST", 0, 0);
}

/** A router with topics that have state, and listeners on all of them. */
function stage(topics: readonly string[], listeners: readonly ListenerSession[]): Router {
  const router = new Router("s", DEFAULT_LIMITS);
  for (const topic of topics) router.open(topic);
  for (const one of listeners) for (const topic of topics) router.registerListener(one, topic);
  return router;
}

describe("topics with the same listeners", () => {
  it("share their audience", () => {
    const router = stage(["a", "b"], [listener(1), listener(2)]);

    expect(router.routes("a").everyone.members).toEqual([1, 2]);
    expect(router.routes("b").everyone).toBe(router.routes("a").everyone);
  });

  it("share it however they got them", () => {
    const [first, second] = [listener(1), listener(2)];
    const router = stage(["a", "b"], [first, second]);
    router.routes("a");
    router.registerListener(first, "c.*");
    router.registerListener(second, "c.>");
    router.open("c.d");

    expect(router.routes("c.d").everyone).toBe(router.routes("a").everyone);
  });

  it("share no audience of summaries with that of deliveries", () => {
    const router = stage(["a"], [listener(1, { includeSummaries: true })]);
    const { everyone, includeSummaries } = router.routes("a");

    expect(includeSummaries.members).toEqual(everyone.members);
    expect(includeSummaries).not.toBe(everyone);
  });
});

describe("a topic that a listener joins or leaves", () => {
  it("has another audience than any before, which its new companions then share", () => {
    const [first, second] = [listener(1), listener(2)];
    const router = stage(["a", "b"], [first, second]);
    router.registerListener(first, "c");
    router.open("c");
    const before = [router.routes("a").everyone, router.routes("c").everyone];
    router.registerListener(second, "c");
    const joined = router.routes("c").everyone;

    expect(joined.members).toEqual([1, 2]);
    expect(before).not.toContain(joined);
    expect(router.routes("a").everyone).toBe(joined);
    expect(router.routes("b").everyone).toBe(joined);
  });

  it("has another one than before even if all is as it was", () => {
    const [first, second] = [listener(1), listener(2)];
    const router = stage(["a"], [first, second]);
    const before = router.routes("a").everyone;
    router.deregisterListener(second, "a", 0);
    router.registerListener(second, "a");

    expect(router.routes("a").everyone).not.toBe(before);
  });

  it("does not disturb topics with other listeners", () => {
    const [first, second] = [listener(1), listener(2)];
    const router = stage(["a", "b"], [first]);
    const before = router.routes("a").everyone;
    router.registerListener(second, "b");

    expect(router.routes("b").everyone.members).toEqual([1, 2]);
    expect(router.routes("a").everyone).toBe(before);
  });
});

describe("what is kept of audiences", () => {
  it("is bounded: one that was not asked for in a long time is made anew", () => {
    const audiences = new Audiences();
    const early = audiences.of([1, 2], 0, 0);
    for (let key = 3; key < 5_000; key++) audiences.of([key], 0, 0);

    expect(audiences.of([1, 2], 0, 0)).not.toBe(early);
  });
});
