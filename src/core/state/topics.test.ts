import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../vocabulary/limits.js";
import type { TopicState } from "./topic-state.js";
import { Topics } from "./topics.js";

describe("a cached topic", () => {
  it("is no longer found once it is evicted, and gets a new epoch when it is opened again", () => {
    const topics = new Topics("s", DEFAULT_LIMITS);
    for (const isAnnounced of [false, true]) {
      const topic = topics.open("a", 0) as TopicState;
      topic.isAnnounced = isAnnounced;
      topics.markIdle(topic, false, 0);
      topics.expire(DEFAULT_LIMITS.retainedMs + 1);

      expect(topics.find("a")).toBeUndefined();
      expect(topics.open("a", 0)?.epoch).not.toBe(topic.epoch);
    }
  });
});
