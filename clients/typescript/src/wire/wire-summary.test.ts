import { describe, expect, it } from "vitest";
import { RecentTexts } from "../codec/recent-texts.js";
import { ListenResponse } from "../gen/ate/dispatcher/v1/dispatcher_service.js";
import { Summary } from "../gen/ate/dispatcher/v1/summary.js";
import { summaryOf } from "../values/summary.js";
import { readStreamEvents } from "./wire.js";

const outcome = {
  producerId: "p1",
  principal: "spiffe://prod/ns/a/sa/größe",
  group: "",
  state: 1,
  latency: undefined,
  resultCount: 0,
  error: undefined,
};

describe("a summary on a stream", () => {
  it.each<[what: string, message: Summary]>([
    ["of nothing", Summary.create()],
    [
      "of all there is",
      {
        requestId: "0192f7a8-7c1e-7abc-8def-0123456789ab",
        requester: "orders-api",
        topic: "größe",
        reason: 4,
        satisfied: true,
        targetedCount: 1,
        answeredCount: 200,
        failedCount: 3,
        missingCount: 4,
        elapsed: { seconds: 3600n, nanos: 500_000_000 },
        outcomes: [
          { ...outcome, latency: { seconds: 0n, nanos: 0 }, resultCount: 300 },
          {
            ...outcome,
            producerId: "p2",
            group: "g",
            state: 2,
            error: { code: 5, message: "no", details: [] },
          },
          ...Array.from({ length: 100 }, (_, index) => ({ ...outcome, producerId: `producer-${index}` })),
        ],
      },
    ],
    [
      "of a newer server",
      { ...Summary.create(), reason: 99 as never, outcomes: [{ ...outcome, state: -1 as never }] },
    ],
  ] as [string, Summary][])("%s reads like the one of a call", (_, message) => {
    const bytes = ListenResponse.encode({
      events: [{ event: { $case: "summary", value: message } }],
    }).finish();

    expect(readStreamEvents(bytes, new RecentTexts())).toEqual([
      { kind: "summary", value: summaryOf(message) },
    ]);
  });
});
