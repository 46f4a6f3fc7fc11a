import { describe, expect, it } from "vitest";
import { Dispatcher } from "../../src/core/dispatcher.js";
import type { Input } from "../../src/core/vocabulary/input.js";
import { submitted } from "../support/submitted.js";

/** Ends a request that finds no producer. @returns the outcomes in its summary. */
function outcomesAfter(before: readonly Input[], request: Input) {
  const dispatcher = new Dispatcher("s");
  for (const input of before) dispatcher.step(input, 0);
  const summary = dispatcher.step(request, 0).find((effect) => effect.kind === "summarize");
  return summary?.summary.outcomes;
}

describe("the outcomes in a summary", () => {
  it("are absent if the summary has no receiver", () => {
    expect(outcomesAfter([], submitted())).toBeUndefined();
  });

  it.each<[receiver: string, before: readonly Input[], request: Input]>([
    ["a caller gathers", [{ kind: "callerOpened", session: 1 }], submitted({ gather: true })],
    ["the introspection is watched", [{ kind: "watchStarted" }], submitted()],
    [
      "the caller gave the id and may repeat the request",
      [],
      submitted({ digest: "x", spec: { requestId: "a" } }),
    ],
    [
      "a listener includes summaries",
      [
        {
          ...{ kind: "listenerOpened", session: 2, sessionId: "", listenerId: "l", mintedId: "" },
          ...{ topics: ["t"], resumeFrom: [], includeLate: false, includeSummaries: true },
          ...{ overflowAction: "DROP_OLDEST", bufferBytes: 0, group: "g", peer: "" },
        },
      ],
      submitted(),
    ],
  ])("are present if %s", (_, before, request) => {
    expect(outcomesAfter(before, request)).toEqual([]);
  });
});
