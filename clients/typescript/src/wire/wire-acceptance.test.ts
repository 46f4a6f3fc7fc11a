import { describe, expect, it } from "vitest";
import { RecentTexts } from "../codec/recent-texts.js";
import { SubmitResponse } from "../gen/ate/dispatcher/v1/dispatcher_service.js";
import { Acceptance } from "../gen/ate/dispatcher/v1/request.js";
import { acceptanceOf } from "../values/acceptance.js";
import { readStreamEvents } from "./wire.js";

describe("an acceptance on a stream", () => {
  it.each<[what: string, message: Acceptance]>([
    ["of nothing", Acceptance.create()],
    [
      "of all there is",
      {
        requestId: "0192f7a8-7c1e-7abc-8def-0123456789ab",
        correlationId: "c1",
        targets: [
          { producerId: "größe", principal: "spiffe://a/b", group: "g" },
          { producerId: "p2", principal: "", group: "" },
        ],
        listenerCount: 300,
        ttl: { seconds: 3600n, nanos: 500_000_000 },
        expireTime: { seconds: 1_790_000_000n, nanos: 999_999_999 },
      },
    ],
    ["of another time", { ...Acceptance.create(), expireTime: { seconds: -2n, nanos: 1_000_000 } }],
  ])("%s reads like the one of a call", (_, message) => {
    const bytes = SubmitResponse.encode({
      events: [{ event: { $case: "acceptance", value: message } }],
    }).finish();

    const value = { correlationId: message.correlationId, acceptance: acceptanceOf(message) };
    expect(readStreamEvents(bytes, new RecentTexts())).toEqual([{ kind: "acceptance", value }]);
  });
});
