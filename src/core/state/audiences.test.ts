import { describe, expect, it } from "vitest";
import { anyAccount } from "../../../test/support/account.js";
import { DEFAULT_LIMITS } from "../vocabulary/limits.js";
import { NO_LANE } from "../vocabulary/model.js";
import { Audiences } from "./audiences.js";
import { ListenerSession } from "./listener-session.js";
import { Router } from "./router.js";
import { Topics } from "./topics.js";

function listener(session: number, more: { group?: string } = {}): ListenerSession {
  const opened = {
    ...{ kind: "listenerOpened" as const, session, sessionId: "", listenerId: `l${session}`, mintedId: "" },
    ...{ topics: [], resumeFrom: [], includeLate: false, includeSummaries: false, group: "", peer: "" },
    ...{ overflowAction: "DROP_OLDEST" as const, bufferBytes: 0, ...more },
  };
  return new ListenerSession(opened.listenerId, opened, "DROP_OLDEST", 0, { account: anyAccount(), at: 0 });
}

function register(router: Router, one: ListenerSession, name: string): void {
  router.addRegistration(one, name, "");
  one.topics.add(name);
  router.changeListener(one, [name]);
}

function deregister(router: Router, one: ListenerSession, name: string): void {
  one.topics.delete(name);
  router.removeRegistration(one, name, 0);
  router.changeListener(one, [name]);
}

/** A router with topics that have state, and listeners on all of them. */
function routerWith(topics: readonly string[], listeners: readonly ListenerSession[]): Router {
  const router = new Router(new Topics("s", DEFAULT_LIMITS));
  for (const topic of topics) router.open(topic, anyAccount());
  for (const one of listeners) for (const topic of topics) register(router, one, topic);
  return router;
}

describe("topics with the same listeners", () => {
  it("share one audience and its lane", () => {
    const router = routerWith(["a", "b"], [listener(1), listener(2)]);

    expect(router.routes("a").audience.members).toEqual([1, 2]);
    expect(router.routes("b").audience).toBe(router.routes("a").audience);
  });

  it("share one audience, whether topics or wildcards brought the listeners", () => {
    const [first, second] = [listener(1), listener(2)];
    const router = routerWith(["a", "b"], [first, second]);
    router.routes("a");
    register(router, first, "c.*");
    register(router, second, "c.>");
    router.open("c.d", anyAccount());

    expect(router.routes("c.d").audience).toBe(router.routes("a").audience);
  });

  it("use a lane that no other audience uses", () => {
    const router = routerWith(["a"], [listener(1), listener(2, { group: "g" })]);
    const [member] = router.routes("a").listenerGroups[0] ?? [];
    register(router, listener(3), "b");
    router.open("b", anyAccount());
    const lanes = [
      router.routes("a").audience.lane,
      router.routes("b").audience.lane,
      member?.ownAudience.lane,
    ];

    expect(new Set([NO_LANE, ...lanes]).size).toBe(4);
  });
});

describe("a topic that a listener joins or leaves", () => {
  it("moves to a new lane, which topics with the same listeners then share", () => {
    const [first, second] = [listener(1), listener(2)];
    const router = routerWith(["a", "b"], [first, second]);
    register(router, first, "c");
    router.open("c", anyAccount());
    const before = [router.routes("a").audience.lane, router.routes("c").audience.lane];
    register(router, second, "c");
    const joined = router.routes("c").audience;

    expect(joined.members).toEqual([1, 2]);
    expect(before).not.toContain(joined.lane);
    expect(router.routes("a").audience.lane).toBe(joined.lane);
    expect(router.routes("b").audience.lane).toBe(joined.lane);
  });

  it("moves to a new lane even if its listeners are the same as before", () => {
    const [first, second] = [listener(1), listener(2)];
    const router = routerWith(["a"], [first, second]);
    const before = router.routes("a").audience.lane;
    deregister(router, second, "a");
    register(router, second, "a");

    expect(router.routes("a").audience.lane).not.toBe(before);
  });

  it("does not affect topics with other listeners", () => {
    const [first, second] = [listener(1), listener(2)];
    const router = routerWith(["a", "b"], [first]);
    const { lane, members } = router.routes("a").audience;
    register(router, second, "b");

    expect(router.routes("b").audience.members).toEqual([1, 2]);
    expect(router.routes("a").audience).toMatchObject({ lane, members });
  });

  it("moves a group member that joins or leaves to a new lane, because the change is announced to it", () => {
    const member = listener(1, { group: "g" });
    const router = routerWith(["a"], [member]);
    const lanes = [member.ownAudience.lane];
    register(router, member, "b");
    lanes.push(member.ownAudience.lane);
    deregister(router, member, "b");
    lanes.push(member.ownAudience.lane);

    expect(new Set(lanes).size).toBe(3);
  });
});

describe("the index of audiences", () => {
  it("is bounded: an evicted audience is created again, on a new lane", () => {
    const audiences = new Audiences();
    const early = audiences.of([1, 2], 0, 0);
    const { lane } = early;
    for (let key = 3; key < 5_000; key++) audiences.of([key], 0, 0);
    const late = audiences.of([1, 2], 0, 0);

    expect(late).not.toBe(early);
    expect(late.lane).not.toBe(lane);
  });
});
