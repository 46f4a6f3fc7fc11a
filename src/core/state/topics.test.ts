import { describe, expect, it, vi } from "vitest";
import { anyAccount } from "../../../test/support/account.js";
import type { Deliver } from "../vocabulary/effect.js";
import { DEFAULT_LIMITS } from "../vocabulary/limits.js";
import { NO_CONTEXT, NO_LANE, NO_SESSIONS } from "../vocabulary/model.js";
import { RetainedLog } from "./retained-log.js";
import { TopicState } from "./topic-state.js";
import { Topics } from "./topics.js";

function delivery(topic: TopicState): Deliver {
  return {
    ...{ kind: "deliver", lane: NO_LANE, audience: NO_SESSIONS, callers: NO_SESSIONS, requestId: "r" },
    requester: "",
    ...{
      topic: topic.name,
      producerId: "p",
      principal: "",
      group: "",
      ordinal: 1,
      more: false,
      sequence: 1,
      latencyMs: 0,
    },
    ...{ receivedAt: 0, late: false, context: NO_CONTEXT, payload: new Uint8Array(0) },
  };
}

describe("a cached topic", () => {
  it("is no longer found once it is evicted, and gets a new epoch when it is opened again", () => {
    const topics = new Topics("s", DEFAULT_LIMITS);
    for (const isAnnounced of [false, true]) {
      const topic = topics.open("a", anyAccount(), 0) as TopicState;
      topic.isAnnounced = isAnnounced;
      topics.markIdle(topic, false, 0);
      topics.expire(DEFAULT_LIMITS.retainedMs + 1);

      expect(topics.find("a")).toBeUndefined();
      expect(topics.open("a", anyAccount(), 0)?.epoch).not.toBe(topic.epoch);
    }
  });
});

describe("a new topic at the limit", () => {
  const COUNT = 2_000;

  /** Idle topics up to the limit; the first ones have retained deliveries, so they cannot be evicted. */
  function full(withDeliveries: number): Topics {
    const owner = anyAccount();
    const topics = new Topics("s", { maxTopics: COUNT, retainedMs: 60_000 });
    const log = new RetainedLog({ retainedBytes: 1_000_000_000, retainedMs: 60_000 }, anyAccount());
    for (let i = 0; i < COUNT; i++) {
      const topic = topics.open(`t.${i}`, owner, 0) as TopicState;
      if (i < withDeliveries) log.append(topic.log, delivery(topic));
      topic.isAnnounced = true;
      topics.markIdle(topic, true, 0);
    }
    return topics;
  }

  it("replaces the topic that has been idle for longest and has no retained deliveries", () => {
    const topics = full(10);

    for (let i = 0; i < 50; i++) expect(topics.open(`new.${i}`, anyAccount(), 0)).toBeDefined();

    const gone = Array.from({ length: COUNT }, (_, i) => i).filter((i) => !topics.find(`t.${i}`));
    expect(gone).toEqual(Array.from({ length: 50 }, (_, i) => 10 + i));
  });

  it("looks at a bounded number of idle topics, and finds one in the end", () => {
    const topics = full(COUNT - 1);
    const looks = vi.spyOn(TopicState.prototype, "retainedCount", "get");

    let attempts = 0;
    for (let isOpen = false; !isOpen; attempts++) {
      looks.mockClear();
      isOpen = topics.open("new", anyAccount(), 0) !== undefined;
      expect(looks.mock.calls.length).toBeLessThanOrEqual(100);
    }

    expect(topics.find(`t.${COUNT - 1}`)).toBeUndefined();
    expect(attempts).toBeLessThanOrEqual(COUNT / 100 + 1);
  });
});

describe("an iteration over all topics", () => {
  it("visits the topics that are created while it lasts, also those that take the place of others", () => {
    const topics = new Topics("s", DEFAULT_LIMITS);
    for (const name of ["a", "b"]) topics.open(name, anyAccount(), 0);
    const visited: string[] = [];
    for (const { name, epoch } of topics.all()) {
      visited.push(`${name} ${epoch}`);
      if (visited.length === 1) topics.markIdle(topics.open("a", anyAccount(), 0) as TopicState, false, 0);
      if (visited.length === 2) for (const again of ["a", "A"]) topics.open(again, anyAccount(), 0);
    }

    expect(visited).toEqual(["a s.1", "b s.2", "a s.3", "A s.4"]);
  });
});
