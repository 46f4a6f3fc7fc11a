import { beforeEach, describe, expect, it, vi } from "vitest";
import { Dispatcher } from "../../src/core/dispatcher.js";
import { COMPLETE_ALL, type Cursor, NO_CONTEXT } from "../../src/core/vocabulary/model.js";
import * as topic from "../../src/core/vocabulary/topic.js";

vi.mock("../../src/core/vocabulary/topic.js", async (original) => {
  const real = await original<typeof topic>();
  return { ...real, covers: vi.fn(real.covers) };
});

const MANY = 300;
const TOPICS = Array.from({ length: MANY }, (_, i) => `topic.number.${i}`);
const PATTERNS = Array.from({ length: MANY }, (_, i) => `topic.*.${i}`);

/** A message may name 10,000 patterns and a server may hold 200,000 topics; comparing all pairs would take minutes. */
describe("a session with many topics", () => {
  beforeEach(() => {
    vi.mocked(topic.covers).mockClear();
  });

  it("opens without comparing each of its patterns with every topic", () => {
    const dispatcher = new Dispatcher("s");
    openListener(dispatcher, 1, TOPICS, []);

    openProducer(dispatcher, 2, PATTERNS);
    dispatcher.step({ kind: "sessionClosed", session: 2 }, 0);

    expect(vi.mocked(topic.covers).mock.calls.length).toBeLessThanOrEqual(10 * MANY);
  });

  it("opens without comparing each of its patterns with every topic that waits for a producer", () => {
    const dispatcher = new Dispatcher("s");
    for (const [i, name] of TOPICS.entries()) holdRequest(dispatcher, name, `r${i}`);

    openProducer(
      dispatcher,
      2,
      PATTERNS.map((pattern) => pattern.replace("topic", "other")),
    );

    expect(vi.mocked(topic.covers).mock.calls.length).toBeLessThanOrEqual(10 * MANY);
  });

  it("resumes without comparing each of its cursors with every one of its topics", () => {
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

function openProducer(dispatcher: Dispatcher, session: number, patterns: readonly string[]): void {
  dispatcher.step(
    {
      kind: "producerOpened",
      session,
      sessionId: "",
      producerId: "p",
      mintedId: "",
      displayName: "",
      labels: [],
      registrations: patterns.map((pattern) => ({ topic: pattern, group: "" })),
      maxOutstanding: 0,
      maxBacklog: 0,
      reportDispositions: false,
      peer: "",
    },
    0,
  );
}

function holdRequest(dispatcher: Dispatcher, name: string, mintedId: string): void {
  dispatcher.step(
    {
      kind: "requestSubmitted",
      session: 99,
      correlationId: undefined,
      spec: {
        topic: name,
        ttlMs: undefined,
        requestId: "",
        completion: COMPLETE_ALL,
        selector: undefined,
        noProducersAction: "WAIT",
        payload: new Uint8Array(0),
      },
      digest: "",
      mintedId,
      gather: false,
      excludeListeners: false,
      validateOnly: false,
      callDeadlineAt: undefined,
      context: NO_CONTEXT,
    },
    0,
  );
}
