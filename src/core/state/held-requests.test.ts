import { describe, expect, it } from "vitest";
import { anyAccount } from "../../../test/support/account.js";
import { submitted } from "../../../test/support/submitted.js";
import { HeldRequests } from "./held-requests.js";
import { PendingRequest } from "./pending-request.js";
import { TopicState } from "./topic-state.js";

function requestOn(topic: TopicState, serial: number): PendingRequest {
  const acceptance = { requestId: `r${serial}`, targets: [], listenerCount: 0, ttlMs: 500, deadlineAt: 500 };
  return new PendingRequest(serial, topic.name, submitted(), acceptance, 0);
}

describe("held requests", () => {
  it("are listed by topic, the oldest first", () => {
    const held = new HeldRequests();
    const [a, b] = [
      new TopicState("a", anyAccount(), "s", 1, 0),
      new TopicState("b", anyAccount(), "s", 2, 0),
    ];
    const requests = [requestOn(a, 1), requestOn(b, 2), requestOn(a, 3)] as const;
    held.hold(a, requests[0]);
    held.hold(b, requests[1]);
    held.hold(a, requests[2]);

    expect([...held.topics()].map((topic) => [topic, [...held.requestsOn(topic)]])).toEqual([
      [a, [requests[0], requests[2]]],
      [b, [requests[1]]],
    ]);
  });

  it("leave nothing behind when the last request of a topic is released", () => {
    const held = new HeldRequests();
    const topic = new TopicState("a", anyAccount(), "s", 1, 0);
    const [first, second] = [requestOn(topic, 1), requestOn(topic, 2)];
    held.hold(topic, first);
    held.hold(topic, second);
    held.release(topic, first);
    expect(held.isEmpty).toBe(false);
    held.release(topic, second);
    held.release(topic, second);

    expect(held.isEmpty).toBe(true);
    expect([...held.topics()]).toEqual([]);
  });
});
