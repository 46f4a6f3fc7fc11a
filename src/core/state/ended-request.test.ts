import { describe, expect, it } from "vitest";
import { anyAccount } from "../../../test/support/account.js";
import { submitted } from "../../../test/support/submitted.js";
import { requestView, timeline } from "../views/request-view.js";
import { summaryAtEnd } from "../views/summary.js";
import type { AssignmentState } from "../vocabulary/model.js";
import { Assignment } from "./assignment.js";
import { EndedRequest } from "./ended-request.js";
import { PendingRequest } from "./pending-request.js";
import { ProducerSession } from "./producer-session.js";
import type { RequestRecord } from "./request-record.js";

const NOW = 1_000;
const ALL = { maxTargets: Number.POSITIVE_INFINITY, maxText: Number.POSITIVE_INFINITY };

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
  return new ProducerSession(producerId, opened, 1, 1, { account: anyAccount(), at: 0 });
}

function ended(requestId: string, states: readonly AssignmentState[], digest = ""): PendingRequest {
  const acceptance = { requestId, targets: [], listenerCount: 2, ttlMs: 500, deadlineAt: NOW + 500 };
  const request = new PendingRequest(7, "t", submitted({ digest }), acceptance, NOW);
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
  request.reason = "ALL_ANSWERED";
  return request;
}

function shown(request: RequestRecord): object {
  return {
    view: requestView(request, NOW + 999, ALL),
    timeline: timeline(request, ALL.maxTargets),
    summary: summaryAtEnd(request),
  };
}

describe("the record of an ended request", () => {
  it("shows the request as it ended, whichever request it held before", () => {
    const record = new EndedRequest();
    for (const request of [
      ended("a", ["ANSWERED", "FAILED", "ANSWERED"]),
      ended("b", ["ANSWERED"]),
      ended("c", []),
      Object.assign(ended("d", ["FAILED", "FAILED"]), { reason: "POLICY_MET" as const }),
      ended("e", ["ANSWERED"], "digest of a request whose id its caller chose"),
    ]) {
      record.put(request);
      expect(record.requestId).toBe(request.requestId);
      expect(record.record).toBe(record);
      expect(shown(record.record)).toEqual(shown(request));
    }
  });

  it.each([
    ["that may be answered late", ended("a", ["ANSWERED", "MISSED"])],
    ["that has notes", Object.assign(ended("a", ["ANSWERED"]), { notes: [] })],
  ])("keeps the original of a request %s", (_, request) => {
    const record = new EndedRequest();
    record.put(ended("before", ["ANSWERED"]));
    record.put(request);
    expect(record.record).toBe(request);
    expect(record.requestId).toBe("a");
  });

  it("shows a late answer as LATE, but as MISSED in the summary at the end", () => {
    const request = ended("a", ["LATE"]);
    expect(requestView(request, NOW + 999, ALL).summary.outcomes).toMatchObject([{ state: "LATE" }]);
    expect(summaryAtEnd(request).outcomes).toMatchObject([{ state: "MISSED" }]);
  });
});
