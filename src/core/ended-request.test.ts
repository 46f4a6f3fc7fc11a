import { describe, expect, it } from "vitest";
import { Assignment, type AssignmentState } from "./assignment.js";
import { EndedRequest } from "./ended-request.js";
import { EndSummary } from "./gather.js";
import { COMPLETE_ALL, NO_CONTEXT } from "./model.js";
import { NO_PAYLOAD, PendingRequest } from "./pending-request.js";
import { ProducerSession } from "./producer-session.js";
import { requestView, timeline } from "./view.js";

const NOW = 1_000;

function producer(producerId: string): ProducerSession {
  const opened = {
    ...{
      kind: "producerOpened" as const,
      session: 1,
      sessionId: "s",
      producerId,
      mintedId: "",
      displayName: "",
    },
    ...{
      labels: [],
      registrations: [],
      maxOutstanding: 1,
      maxBacklog: 1,
      reportDispositions: false,
      peer: "",
    },
  };
  return new ProducerSession(producerId, opened, 1, 1, 0);
}

function ended(requestId: string, states: readonly AssignmentState[], digest = ""): PendingRequest {
  const acceptance = { requestId, targets: [], listenerCount: 2, ttlMs: 500, deadlineAt: NOW + 500 };
  const request = new PendingRequest(
    ...([7, requestId, "t", NOW, NOW + 500, COMPLETE_ALL, undefined, "COMPLETE"] as const),
    ...([true, NO_CONTEXT, NO_PAYLOAD, digest, acceptance] as const),
  );
  for (const [i, state] of states.entries()) {
    const assignment = new Assignment(i + 1, request, producer(`p${i}`), i === 0 ? "g" : "");
    Object.assign(assignment, { state, attempt: i + 1, assignedAt: NOW + i, settledAt: NOW + 10.5 + i });
    Object.assign(assignment, { lastResultAt: NOW + 10.5 + i, resultCount: i + 1 });
    if (state === "FAILED") assignment.failure = { code: 13, message: "broke" };
    request.assignments.push(assignment);
  }
  request.phase = "ENDED";
  request.settledCount = states.length;
  request.answeredCount = states.filter((state) => state === "ANSWERED").length;
  request.failedCount = states.filter((state) => state === "FAILED").length;
  request.endedAt = NOW + 20.5;
  request.summary = new EndSummary(request, "ALL_ANSWERED", "ALL_ANSWERED", request.endedAt);
  return request;
}

function seen(request: PendingRequest): object {
  const { outcomes } = request.summary ?? {};
  return { view: requestView(request, NOW + 999), timeline: timeline(request), outcomes };
}

describe("the place of an ended request", () => {
  it("gives it back as it ended, whatever was there before", () => {
    const place = new EndedRequest();
    for (const request of [
      ended("a", ["ANSWERED", "FAILED", "ANSWERED"]),
      ended("b", ["ANSWERED"]),
      ended("c", []),
      ended("d", ["FAILED", "FAILED"]),
    ]) {
      place.put(request);
      expect(place.requestId).toBe(request.requestId);
      expect(place.read()).not.toBe(request);
      expect(seen(place.read())).toEqual(seen(request));
    }
  });

  it.each([
    ["that may be answered late", ended("a", ["ANSWERED", "MISSED"])],
    ["whose id is its caller's", ended("a", ["ANSWERED"], "digest")],
    ["of which something was noted", Object.assign(ended("a", ["ANSWERED"]), { notes: [] })],
    [
      "that ended early for its callers",
      Object.assign(ended("a", ["ANSWERED"]), { earlyReason: "POLICY_MET" }),
    ],
  ])("holds on to one %s", (_, request) => {
    const place = new EndedRequest();
    place.put(ended("before", ["ANSWERED"]));
    place.put(request);
    expect(place.read()).toBe(request);
    expect(place.requestId).toBe("a");
  });
});
