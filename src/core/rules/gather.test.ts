import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { submitted } from "../../../test/support/submitted.js";
import { Assignment } from "../state/assignment.js";
import { PendingRequest } from "../state/pending-request.js";
import type { ProducerSession } from "../state/producer-session.js";
import { isEarly, outcomesOf, stateAtEnd, summarize } from "../views/summary.js";
import {
  type AssignmentState,
  COMPLETE_ALL,
  type Completion,
  type EndReason,
  type NoProducersAction,
  type Until,
} from "../vocabulary/model.js";
import { dueAt, endReason } from "./gather.js";

interface Targeted {
  readonly completion?: Partial<Completion>;
  readonly action?: NoProducersAction;
  /** States of the targets. Each target that answered or failed sent one result. */
  readonly states?: readonly AssignmentState[];
  /** Partial results in addition to the final ones. */
  readonly partials?: number;
}

/** A request that was accepted at 1,000 with a TTL of 500, in the given state. */
function request({
  completion = {},
  action = "COMPLETE",
  states = [],
  partials = 0,
}: Targeted): PendingRequest {
  const acceptance = { requestId: "r1", targets: [], listenerCount: 0, ttlMs: 500, deadlineAt: 1_500 };
  const spec = { completion: { ...COMPLETE_ALL, ...completion }, noProducersAction: action };
  const pending = new PendingRequest(0, "t", submitted({ spec }), acceptance, 1_000);
  for (const [i, state] of states.entries()) {
    const producer = { producerId: `p${i + 1}`, principal: "" } as ProducerSession;
    const assignment = new Assignment(i + 1, pending, producer, "");
    assignment.state = state;
    if (state === "ANSWERED" || state === "FAILED") {
      assignment.resultCount = 1;
      assignment.lastResultAt = 1_100;
      pending.resultCount++;
    }
    if (state === "ANSWERED") pending.answeredCount++;
    if (state === "FAILED") {
      assignment.failure = { code: 5, message: "no" };
      pending.failedCount++;
      pending.errorCount++;
    }
    if (!assignment.isOpen) pending.settledCount++;
    pending.assignments.push(assignment);
  }
  pending.resultCount += partials;
  return pending;
}

const count = (n: number): Until => ({ kind: "resultCount", count: n });
const quorum = (percent: number): Until => ({ kind: "quorumPercent", percent });
const firstSuccess: Until = { kind: "firstSuccess", isSet: true };

describe("a gather", () => {
  it.each<[title: string, of: Targeted, reason: EndReason | undefined]>([
    ["continues while an assignment is outstanding", { states: ["ANSWERED", "OUT"] }, undefined],
    ["continues while an assignment waits in a backlog", { states: ["ANSWERED", "WAITING"] }, undefined],
    ["ends when all have answered", { states: ["ANSWERED", "ANSWERED"] }, "ALL_ANSWERED"],
    [
      "ends when no more results can arrive",
      { states: ["ANSWERED", "FAILED", "DEPARTED", "SATURATED"] },
      "ALL_ANSWERED",
    ],
    ["ends when every producer is saturated", { states: ["SATURATED"] }, "ALL_ANSWERED"],
    ["continues while it is held for a producer", { action: "WAIT" }, undefined],
    ["is no longer held once a producer was asked", { action: "WAIT", states: ["DEPARTED"] }, "ALL_ANSWERED"],
    [
      "continues below its result count",
      { completion: { until: count(2) }, states: ["ANSWERED", "OUT"] },
      undefined,
    ],
    [
      "ends at its result count",
      { completion: { until: count(2) }, states: ["ANSWERED", "ANSWERED", "OUT"] },
      "POLICY_MET",
    ],
    [
      "counts partial results",
      { completion: { until: count(2) }, states: ["OUT", "OUT"], partials: 2 },
      "POLICY_MET",
    ],
    [
      "does not count errors",
      { completion: { until: count(2) }, states: ["ANSWERED", "FAILED", "OUT"] },
      undefined,
    ],
    [
      "counts errors if configured to",
      { completion: { until: count(2), countErrors: true }, states: ["ANSWERED", "FAILED", "OUT"] },
      "POLICY_MET",
    ],
    [
      "ends with its last target, even below its result count",
      { completion: { until: count(3) }, states: ["ANSWERED", "ANSWERED"] },
      "ALL_ANSWERED",
    ],
    [
      "reports the goal if the last possible answer is the last one needed",
      { completion: { until: count(2) }, states: ["ANSWERED", "ANSWERED"] },
      "POLICY_MET",
    ],
    [
      "does not count partial results towards a quorum",
      { completion: { until: quorum(50) }, states: ["OUT", "OUT"], partials: 5 },
      undefined,
    ],
    [
      "counts failures towards a quorum if configured to",
      { completion: { until: quorum(50), countErrors: true }, states: ["FAILED", "OUT"] },
      "POLICY_MET",
    ],
    [
      "counts saturated targets in a quorum",
      { completion: { until: quorum(51) }, states: ["ANSWERED", "SATURATED", "OUT"] },
      undefined,
    ],
    [
      "accepts a partial result as first success",
      { completion: { until: firstSuccess }, states: ["OUT"], partials: 1 },
      "POLICY_MET",
    ],
    [
      "does not accept an error as first success, even if errors count",
      { completion: { until: firstSuccess, countErrors: true }, states: ["FAILED", "OUT"] },
      undefined,
    ],
  ])("%s", (_title, of, reason) => {
    expect(endReason(request(of))).toBe(reason);
  });

  it("meets a quorum when that percentage of its targets has answered, rounded up", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 100 }),
        fc.nat(40),
        (targets, percent, answers) => {
          fc.pre(answers < targets);
          const states = Array.from(
            { length: targets },
            (_, i): AssignmentState => (i < answers ? "ANSWERED" : "OUT"),
          );
          const isMet = answers * 100 >= targets * percent;
          expect(endReason(request({ completion: { until: quorum(percent) }, states }))).toBe(
            isMet ? "POLICY_MET" : undefined,
          );
        },
      ),
      { numRuns: 1_000, seed: 1 },
    );
  });

  it("is due at the end of its TTL until a result has arrived", () => {
    expect(dueAt(request({}), undefined)).toBe(1_500);
    expect(dueAt(request({}), 1_200)).toBe(1_500);
    expect(dueAt(request({ completion: { stallTimeoutMs: 100 } }), undefined)).toBe(1_500);
  });

  it("is due at its stall timeout, but never after its TTL", () => {
    const stalling = request({ completion: { stallTimeoutMs: 100 } });

    expect([1_000, 1_399, 1_400, 1_450].map((at) => dueAt(stalling, at))).toEqual([
      1_100, 1_499, 1_500, 1_500,
    ]);
  });

  it("ends early when its policy is met or it stalls, and for no other reason", () => {
    const reasons: EndReason[] = [
      "ALL_ANSWERED",
      "POLICY_MET",
      "STALLED",
      "EXPIRED",
      "CANCELLED",
      "NO_PRODUCERS",
      "SHUTDOWN",
    ];

    expect(reasons.filter(isEarly)).toEqual(["POLICY_MET", "STALLED"]);
  });

  it.each<[state: AssignmentState, loserAction: "CANCEL" | "LET_RUN", reason: EndReason, outcome: string]>([
    ["OUT", "CANCEL", "EXPIRED", "MISSED"],
    ["OUT", "CANCEL", "POLICY_MET", "CANCELLED"],
    ["OUT", "CANCEL", "STALLED", "CANCELLED"],
    ["OUT", "CANCEL", "CANCELLED", "CANCELLED"],
    ["OUT", "CANCEL", "SHUTDOWN", "CANCELLED"],
    ["OUT", "LET_RUN", "EXPIRED", "MISSED"],
    ["OUT", "LET_RUN", "POLICY_MET", "MISSED"],
    ["OUT", "LET_RUN", "STALLED", "MISSED"],
    ["OUT", "LET_RUN", "CANCELLED", "CANCELLED"],
    ["WAITING", "CANCEL", "EXPIRED", "SATURATED"],
    ["WAITING", "CANCEL", "POLICY_MET", "SATURATED"],
    ["WAITING", "LET_RUN", "STALLED", "SATURATED"],
  ])(
    "settles a target that is %s, with loser action %s and end reason %s, as %s",
    (state, loserAction, reason, outcome) => {
      const { assignments, completion } = request({ completion: { loserAction }, states: [state] });
      const [assignment] = assignments;

      expect(assignment && stateAtEnd(assignment, completion, reason)).toBe(outcome);
    },
  );

  it("has a summary with the outcome of every target", () => {
    const states = ["ANSWERED", "FAILED", "DEPARTED", "SATURATED", "OUT", "WAITING"] as const;

    const pending = request({ states });

    expect(summarize(pending, "EXPIRED", 1_501, outcomesOf(pending, "EXPIRED"))).toEqual({
      requestId: "r1",
      requester: "",
      topic: "t",
      reason: "EXPIRED",
      satisfied: false,
      targetedCount: 6,
      answeredCount: 1,
      failedCount: 1,
      elapsedMs: 501,
      outcomes: [
        {
          producerId: "p1",
          principal: "",
          group: "",
          state: "ANSWERED",
          latencyMs: 100,
          resultCount: 1,
          failure: undefined,
        },
        {
          producerId: "p2",
          principal: "",
          group: "",
          state: "FAILED",
          latencyMs: 100,
          resultCount: 1,
          failure: { code: 5, message: "no" },
        },
        ...(["DEPARTED", "SATURATED", "MISSED", "SATURATED"] as const).map((state, i) => ({
          producerId: `p${i + 3}`,
          principal: "",
          group: "",
          state,
          latencyMs: undefined,
          resultCount: 0,
          failure: undefined,
        })),
      ],
    });
  });

  it.each<[title: string, of: Targeted, satisfied: boolean]>([
    ["without targets", {}, false],
    ["without targets, errors counted", { completion: { countErrors: true } }, false],
    ["without targets, with a quorum", { completion: { until: quorum(1) } }, false],
    ["if all have answered", { states: ["ANSWERED", "ANSWERED"] }, true],
    ["if one has failed", { states: ["ANSWERED", "FAILED"] }, false],
    ["if one has failed and errors count", { completion: { countErrors: true }, states: ["FAILED"] }, true],
    ["if one is missing", { states: ["ANSWERED", "OUT"] }, false],
    ["with min_results", { completion: { minResults: 1 }, states: ["ANSWERED", "OUT"] }, true],
    ["below min_results", { completion: { minResults: 2 }, states: ["ANSWERED", "FAILED"] }, false],
    [
      "with min_results of errors that count",
      { completion: { minResults: 2, countErrors: true }, states: ["ANSWERED", "FAILED"] },
      true,
    ],
    [
      "below min_results although the goal is met",
      { completion: { minResults: 2, until: firstSuccess }, states: ["ANSWERED"] },
      false,
    ],
    [
      "with min_results although the goal is not met",
      { completion: { minResults: 1, until: count(5) }, states: ["ANSWERED"] },
      true,
    ],
    ["if the goal is met", { completion: { until: firstSuccess }, states: ["ANSWERED", "OUT"] }, true],
  ])("reports whether it is satisfied: %s", (_title, of, satisfied) => {
    expect(summarize(request(of), "EXPIRED", 1_501, undefined).satisfied).toBe(satisfied);
  });
});
