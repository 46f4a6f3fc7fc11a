import { describe, expect, it } from "vitest";
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
  return new ListenerSession(opened.listenerId, opened, "DROP_OLDEST", 0, 0);
}

/** A router with topics that have state, and listeners on all of them. */
function stage(topics: readonly string[], listeners: readonly ListenerSession[]): Router {
  const router = new Router(new Topics("s", DEFAULT_LIMITS));
  for (const topic of topics) router.open(topic);
  for (const one of listeners) for (const topic of topics) router.registerListener(one, topic);
  return router;
}

describe("topics with the same listeners", () => {
  it("share their audience and its lane", () => {
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

  it("are on another lane than every other audience", () => {
    const router = stage(["a"], [listener(1), listener(2, { group: "g" })]);
    const [member] = router.routes("a").listenerGroups[0] ?? [];
    router.registerListener(listener(3), "b");
    router.open("b");
    const lanes = [router.routes("a").everyone.lane, router.routes("b").everyone.lane, member?.alone.lane];

    expect(new Set([NO_LANE, ...lanes]).size).toBe(4);
  });
});

describe("a topic that a listener joins or leaves", () => {
  it("is on another lane than any before, which its new companions then share", () => {
    const [first, second] = [listener(1), listener(2)];
    const router = stage(["a", "b"], [first, second]);
    router.registerListener(first, "c");
    router.open("c");
    const before = [router.routes("a").everyone.lane, router.routes("c").everyone.lane];
    router.registerListener(second, "c");
    const joined = router.routes("c").everyone;

    expect(joined.members).toEqual([1, 2]);
    expect(before).not.toContain(joined.lane);
    expect(router.routes("a").everyone.lane).toBe(joined.lane);
    expect(router.routes("b").everyone.lane).toBe(joined.lane);
  });

  it("is on another lane than before even if all is as it was", () => {
    const [first, second] = [listener(1), listener(2)];
    const router = stage(["a"], [first, second]);
    const before = router.routes("a").everyone.lane;
    router.deregisterListener(second, "a", 0);
    router.registerListener(second, "a");

    expect(router.routes("a").everyone.lane).not.toBe(before);
  });

  it("does not disturb topics with other listeners", () => {
    const [first, second] = [listener(1), listener(2)];
    const router = stage(["a", "b"], [first]);
    const { lane, members } = router.routes("a").everyone;
    router.registerListener(second, "b");

    expect(router.routes("b").everyone.members).toEqual([1, 2]);
    expect(router.routes("a").everyone).toMatchObject({ lane, members });
  });

  it("puts a member of a group that joins or leaves on a new lane, since it is told so", () => {
    const member = listener(1, { group: "g" });
    const router = stage(["a"], [member]);
    const lanes = [member.alone.lane];
    router.registerListener(member, "b");
    lanes.push(member.alone.lane);
    router.deregisterListener(member, "b", 0);
    lanes.push(member.alone.lane);

    expect(new Set(lanes).size).toBe(3);
  });
});

describe("what is kept of audiences", () => {
  it("is bounded: one that was not asked for in a long time is made again, on a lane of its own", () => {
    const audiences = new Audiences();
    const early = audiences.of([1, 2], 0, 0);
    const { lane } = early;
    for (let key = 3; key < 5_000; key++) audiences.of([key], 0, 0);
    const late = audiences.of([1, 2], 0, 0);

    expect(late).not.toBe(early);
    expect(late.lane).not.toBe(lane);
  });
});
