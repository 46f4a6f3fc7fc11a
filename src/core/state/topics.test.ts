import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../vocabulary/limits.js";
import type { TopicState } from "./topic-state.js";
import { Topics } from "./topics.js";

describe("a topic that was looked up last", () => {
  it("is not found any more once it is forgotten, and is another one when it comes again", () => {
    const topics = new Topics("s", DEFAULT_LIMITS);
    for (const isAnnounced of [false, true]) {
      const topic = topics.open("a", 0) as TopicState;
      topic.isAnnounced = isAnnounced;
      topics.release(topic, false, 0);
      topics.expire(DEFAULT_LIMITS.retainedMs + 1);

      expect(topics.find("a")).toBeUndefined();
      expect(topics.open("a", 0)?.epoch).not.toBe(topic.epoch);
    }
  });
});
