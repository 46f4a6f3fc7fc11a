import { describe, expect, it } from "vitest";
import { Dispatcher } from "../../src/core/dispatcher.js";
import type { Input } from "../../src/core/vocabulary/input.js";
import type { Outcome } from "../../src/core/vocabulary/model.js";
import { submitted } from "../support/submitted.js";

/** Ends a request that finds no producer. @returns the outcomes in its summary. */
function outcomesAfter(before: readonly Input[], request: Input) {
  const dispatcher = new Dispatcher("s");
  for (const input of before) dispatcher.step(input, 0);
  const summary = dispatcher.step(request, 0).find((effect) => effect.kind === "summarize");
  return summary?.summary.outcomes;
}

describe("the failures in a summary", () => {
  it("are cut after 256 characters for watchers, and not for the caller", () => {
    const dispatcher = new Dispatcher("s");
    dispatcher.step({ kind: "watchStarted" }, 0);
    dispatcher.step({ kind: "callerOpened", session: 1 }, 0);
    for (const session of [2, 3]) {
      const registrations = [{ topic: "t", group: "" }];
      const opened = {
        ...{
          kind: "producerOpened" as const,
          session,
          sessionId: "",
          producerId: "",
          mintedId: `p${session}`,
        },
        ...{ displayName: "", labels: [], maxOutstanding: 1, maxBacklog: 1, reportDispositions: false },
      };
      dispatcher.step({ ...opened, registrations, peer: "" }, 0);
    }
    const sent = dispatcher.step(submitted({ gather: true }), 0).filter(({ kind }) => kind === "assign");
    const messages = ["short", "x".repeat(1_000)];
    const effects = sent.flatMap((effect, i) => {
      if (effect.kind !== "assign") return [];
      const failure = { code: 5, message: messages[i] ?? "" };
      const result = { kind: "resultReturned" as const, session: effect.to, assignment: effect.assignment };
      const payload = new Uint8Array(1);
      return dispatcher.step({ ...result, assignmentText: undefined, more: false, failure, payload }, 0);
    });

    const texts = (outcomes: readonly Outcome[] = []) => outcomes.map(({ failure }) => failure?.message);
    const told = effects.flatMap((effect) =>
      effect.kind === "summarize" ? texts(effect.summary.outcomes) : [],
    );
    const watched = effects.flatMap((effect) =>
      effect.kind === "observe" && effect.fact.kind === "requestEnded"
        ? texts(effect.fact.summary.outcomes)
        : [],
    );
    expect(told).toEqual(messages);
    expect(watched).toEqual(["short", "x".repeat(256)]);
  });
});

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
