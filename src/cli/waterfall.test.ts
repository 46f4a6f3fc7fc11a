import type { ProducerOutcome, RequestDetails, TimelineEvent } from "ate-dispatcher-client";
import { describe, expect, it } from "vitest";
import type { Paint } from "./output.js";
import { drawWaterfall } from "./waterfall.js";

const plain: Paint = (_, text) => text;

type Step = readonly [atMs: number, kind: TimelineEvent["kind"], producerId?: string, attempt?: number];

function request(
  steps: readonly Step[],
  outcomes: readonly (Partial<ProducerOutcome> & Pick<ProducerOutcome, "producerId" | "state">)[],
  fields: { readonly ttlMs?: number; readonly pending?: boolean; readonly elapsedMs?: number } = {},
): RequestDetails {
  const { ttlMs = 300, pending = false, elapsedMs = 300 } = fields;
  return {
    ...{ requestId: "r", topic: "t", acceptTime: new Date(0), ttlMs, pending },
    summary: {
      ...{
        requestId: "r",
        requester: "",
        topic: "t",
        reason: pending ? undefined : "EXPIRED",
        satisfied: false,
        elapsedMs,
      },
      ...{ targetedCount: outcomes.length, answeredCount: 0, failedCount: 0, missingCount: 0 },
      outcomes: outcomes.map((outcome) => ({
        ...{ principal: "", group: "", latencyMs: undefined, resultCount: 0, error: undefined },
        ...outcome,
      })),
    },
    timeline: steps.map(([atMs, kind, producerId = "", attempt = producerId === "" ? 0 : 1]) => ({
      ...{ atMs, kind, producerId, principal: "", attempt },
    })),
  };
}

function drawn(details: RequestDetails): string {
  return drawWaterfall(details, plain).join("\n");
}

describe("the waterfall", () => {
  it("shows answers in time, and how late other answers are", () => {
    const details = request(
      [
        [0, "ACCEPTED"],
        [0, "ASSIGNED", "p1"],
        [0, "ASSIGNED", "p2"],
        [200, "ANSWERED", "p1"],
        [300, "REVOKED", "p2"],
        [300, "ENDED"],
        [500, "LATE", "p2"],
      ],
      [
        { producerId: "p1", state: "ANSWERED" },
        { producerId: "p2", state: "LATE" },
      ],
    );

    expect(drawn(details)).toBe(
      [
        "  p1  ━━━━━━━━━━━━━━━━━━━●        ┊                     ANSWERED      200 ms",
        "  p2  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━┊╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌○  LATE          500 ms  200 ms late",
        "                                  ╵ TTL 300ms",
      ].join("\n"),
    );
  });

  it("shows assignments that were queued, never assigned, or saturated", () => {
    const details = request(
      [
        [0, "QUEUED", "p1"],
        [0, "QUEUED", "p2"],
        [0, "SATURATED", "p3"],
        [100, "ASSIGNED", "p1"],
        [200, "FAILED", "p1"],
        [300, "SATURATED", "p2"],
      ],
      [
        { producerId: "p1", state: "FAILED", error: { code: 2, message: "out of\nstock" } },
        { producerId: "p2", state: "SATURATED" },
        { producerId: "p3", state: "SATURATED" },
      ],
    );

    expect(drawn(details)).toBe(
      [
        "  p1  ················━━━━━━━━━━━━━━━✗               ┊  FAILED        200 ms  queued 100 ms, out of ⏎ stock",
        "  p2  ···············································■  SATURATED     300 ms  queued 300 ms, never assigned",
        "  p3  ■                                              ┊  SATURATED     0.0 ms",
        "                                                     ╵ TTL 300ms",
      ].join("\n"),
    );
  });

  it("shows the attempts of a group, and partial results", () => {
    const details = request(
      [
        [0, "ASSIGNED", "a"],
        [50, "DEPARTED", "a"],
        [50, "ASSIGNED", "b", 2],
        [75, "PARTIAL", "b", 2],
        [100, "ANSWERED", "b", 2],
      ],
      [{ producerId: "b", group: "desk", state: "ANSWERED", resultCount: 2 }],
      { ttlMs: 4_000 },
    );

    expect(drawn(details)).toBe(
      [
        "  a         ━━━━━━━━━━━━━━━━━━━━━━━━╳                         DEPARTED       50 ms",
        "  b (desk)                          ━━━━━━━━━━━•━━━━━━━━━━━●  ANSWERED      100 ms  attempt 2, 2 results",
        "                                                            ▸ TTL 4s",
      ].join("\n"),
    );
  });

  it("draws a pending request up to the present", () => {
    const details = request(
      [
        [0, "ACCEPTED"],
        [0, "ASSIGNED", "p1"],
      ],
      [{ producerId: "p1", state: "PENDING" }],
      { pending: true, elapsedMs: 150 },
    );

    expect(drawn(details)).toMatch(/^ {2}p1 {2}━{24}▸ +┊ {2}PENDING +150 ms\n/);
  });

  it("ends a bar without a mark where the assignment was revoked", () => {
    const details = request(
      [
        [0, "ASSIGNED", "p1"],
        [300, "REVOKED", "p1"],
      ],
      [{ producerId: "p1", state: "CANCELLED" }],
      { ttlMs: 60_000 },
    );

    expect(drawn(details)).toMatch(/^ {2}p1 {2}━{48} {2}CANCELLED +300 ms\n/);
  });

  it("is empty if no producer was asked, and can draw a request that took no time", () => {
    expect(drawWaterfall(request([[0, "ACCEPTED"]], []), plain)).toEqual([]);
    const instant: readonly Step[] = [
      [0, "ASSIGNED", "p1"],
      [0, "ANSWERED", "p1"],
    ];
    expect(drawn(request(instant, [{ producerId: "p1", state: "ANSWERED" }]))).toMatch(/^ {2}p1 {2}● /);
  });
});
