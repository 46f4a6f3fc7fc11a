import { beforeEach, describe, expect, it, vi } from "vitest";
import { Dispatcher } from "../../src/core/dispatcher.js";
import type { Cursor } from "../../src/core/model.js";
import * as topic from "../../src/core/topic.js";

vi.mock("../../src/core/topic.js", async (original) => {
  const real = await original<typeof topic>();
  return { ...real, covers: vi.fn(real.covers) };
});

const MANY = 300;
const TOPICS = Array.from({ length: MANY }, (_, i) => `topic.number.${i}`);
const PATTERNS = Array.from({ length: MANY }, (_, i) => `topic.*.${i}`);

/** One message may name 10,000 patterns, and a server may hold 200,000 topics; looking at all pairs stops it for minutes. */
describe("a session with many topics", () => {
  beforeEach(() => {
    vi.mocked(topic.covers).mockClear();
  });

  it("opens without every one of its patterns being held against every topic", () => {
    const dispatcher = new Dispatcher("s");
    openListener(dispatcher, 1, TOPICS, []);

    dispatcher.step(
      {
        kind: "producerOpened",
        session: 2,
        sessionId: "",
        producerId: "p",
        mintedId: "",
        displayName: "",
        labels: [],
        registrations: PATTERNS.map((pattern) => ({ topic: pattern, group: "" })),
        maxOutstanding: 0,
        maxBacklog: 0,
        reportDispositions: false,
        peer: "",
      },
      0,
    );
    dispatcher.step({ kind: "sessionClosed", session: 2 }, 0);

    expect(vi.mocked(topic.covers).mock.calls.length).toBeLessThanOrEqual(10 * MANY);
  });

  it("resumes without every one of its cursors being held against every one of its topics", () => {
    const dispatcher = new Dispatcher("s");
    const cursors = TOPICS.map((name) => ({ topic: name, epoch: "other", sequence: 1 }));

    openListener(dispatcher, 1, TOPICS, cursors);

    expect(vi.mocked(topic.covers).mock.calls.length).toBeLessThanOrEqual(10 * MANY);
  });
});

function openListener(
  dispatcher: Dispatcher,
  session: number,
  topics: readonly string[],
  resumeFrom: readonly Cursor[],
): void {
  dispatcher.step(
    {
      kind: "listenerOpened",
      session,
      sessionId: "",
      listenerId: "l",
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
