import { describe, expect, it } from "vitest";
import { Dispatcher } from "../../src/core/dispatcher.js";
import type { Effect } from "../../src/core/vocabulary/effect.js";
import type { Cursor } from "../../src/core/vocabulary/model.js";
import { stepToEnd } from "../support/step-to-end.js";

const LISTENER = 1;

function openListener(
  dispatcher: Dispatcher,
  topics: readonly string[],
  resumeFrom: readonly Cursor[] = [],
): readonly Effect[] {
  return stepToEnd(
    dispatcher,
    {
      kind: "listenerOpened",
      session: LISTENER,
      sessionId: "",
      listenerId: "l1",
      mintedId: "",
      topics,
      resumeFrom,
      includeLate: false,
      includeSummaries: false,
      overflowAction: "DROP_OLDEST",
      bufferBytes: 0,
      group: "",
      peer: "",
    },
    0,
  );
}

function namesOf(count: number, prefix: string): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}.${i}`);
}

/** The kind of each effect, with the number of its cursors. */
function outlineOf(effects: readonly Effect[]): readonly string[] {
  return effects.map((effect) =>
    "cursors" in effect ? `${effect.kind} ${effect.cursors.length}` : effect.kind,
  );
}

/** One event is one message at least, and gRPC clients accept 4 MiB: 10,000 cursors of the longest topics. */
describe("a listener with more cursors than one event holds", () => {
  const dispatcher = new Dispatcher("s", { maxRegistrationsPerSession: 25_000 });

  it("gets the others in further events, directly behind Ready", () => {
    const outline = outlineOf(openListener(dispatcher, namesOf(25_000, "t")));

    expect(outline).toEqual(["ready 10000", "topicsChanged 10000", "topicsChanged 5000"]);
  });

  it("gets most of them in earlier events when it adds topics", () => {
    const remove = namesOf(5_001, "t");
    const add = namesOf(5_001, "u");
    const updated = stepToEnd(dispatcher, { kind: "topicsUpdated", session: LISTENER, add, remove }, 0);

    expect(outlineOf(updated)).toEqual([...Array(5).fill("topicsChanged 1000"), "topicsChanged 1"]);
    expect(updated.map((effect) => effect.kind === "topicsChanged" && effect.added.length)).toEqual([
      ...Array(5).fill(0),
      5_001,
    ]);
  });
});

it("a listener with a wildcard resumes with 10,000 cursors, however few topics it may name", () => {
  const dispatcher = new Dispatcher("s", { maxRegistrationsPerSession: 1 });
  const cursors = namesOf(10_000, "t").map((topic) => ({ topic, epoch: "other", sequence: 1 }));

  expect(openListener(dispatcher, ["t.*"], cursors)[0]).toMatchObject({ kind: "ready" });
});
