import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { submitted } from "../../test/support/submitted.js";
import { Dispatcher } from "../core/dispatcher.js";
import { DeadlineWheel } from "../core/tables/deadline-wheel.js";
import type { SessionKey } from "../core/vocabulary/model.js";
import { DispatcherRuntime } from "./dispatcher-runtime.js";

/** Far more turns of the event loop than any work here takes. */
const MAX_TURNS = 200;

/**
 * A runtime with a clock that stands still. Its sessions are calls, so it encodes nothing.
 *
 * @param tickMs - what each reading of the clock takes, instead of nothing.
 */
function serve(failed?: (bug: unknown) => void, tickMs = 0) {
  let now = 0;
  const clock = {
    now: () => {
      now += tickMs;
      return now;
    },
    timeOfDay: (at: number) => at,
  };
  const newBatch = () => {
    throw new Error("nothing is encoded");
  };
  const activity = failed && { isEnabled: false, write: () => undefined, failed };
  const runtime = new DispatcherRuntime("s", { recentRequests: 0 }, newBatch, clock, activity);
  const heard: string[] = [];
  const open = () => runtime.openCall({ peer: "" }, ({ kind }) => heard.push(kind));
  const counts = () => runtime.snapshot().counts;
  return {
    ...{ runtime, heard, open, counts },
    advance: (ms: number) => {
      now += ms;
      runtime.submit({ kind: "clockAdvanced" });
    },
    openProducer: async (topics: readonly string[], maxBacklog = 1) => {
      const session = open();
      const registrations = topics.map((topic) => ({ topic, group: "" }));
      runtime.submit({
        ...{ kind: "producerOpened", session, sessionId: "", producerId: "", mintedId: `p${session}` },
        ...{ displayName: "", labels: [], reportDispositions: false, peer: "", registrations },
        ...{ maxOutstanding: 1, maxBacklog },
      });
      await until(() => heard.includes("welcome"));
      return session;
    },
    request: (topic: string, i: number) =>
      runtime.submit(submitted({ session: open(), mintedId: `r${i}`, spec: { topic, ttlMs: 1_000 } })),
  };
}

const SINK = {
  ...{ write: () => undefined, closing: () => undefined, observe: () => () => true },
  ...{ end: () => undefined, fail: () => undefined },
};
const BOUND = { maxBytes: 1, overflow: "SLOW_LISTENER" as const, endsOnReject: false };

/** Lets turns of the event loop pass until a condition holds. */
async function until(isDone: () => boolean): Promise<void> {
  for (let turns = 0; turns < MAX_TURNS && !isDone(); turns++) await nextTurn();
  expect(isDone()).toBe(true);
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `t.${i}`);

describe("long work that fails by a bug in a later slice", () => {
  /** Lets the slices of a session fail. */
  function failSlices(session: SessionKey): { readonly count: number } {
    const step = Dispatcher.prototype.step;
    const failed = { count: 0 };
    const spy = vi.spyOn(Dispatcher.prototype, "step").mockImplementation(function (
      this: Dispatcher,
      input,
      now,
    ) {
      if (input.kind !== "workContinued" || input.session !== session) return step.call(this, input, now);
      failed.count++;
      throw new Error("a bug");
    });
    onTestFinished(() => spy.mockRestore());
    return failed;
  }

  it("ends the stream of its session, once, and no other", async () => {
    const logged: unknown[] = [];
    const { runtime, advance, openProducer, heard, request } = serve((bug) => logged.push(bug));
    await openProducer(["t"]);
    const ended: unknown[] = [];
    const session = runtime.openStream({ ...SINK, fail: (bug: unknown) => ended.push(bug) }, BOUND, "");
    const failed = failSlices(session);
    runtime.submit({
      ...{ kind: "listenerOpened", session, sessionId: "", listenerId: "l", mintedId: "" },
      ...{ topics: names(9_000), resumeFrom: [], includeLate: false, includeSummaries: false },
      ...{ overflowAction: "DROP_OLDEST", bufferBytes: 0, group: "", peer: "" },
    });
    await until(() => ended.length > 0);
    for (let turns = 0; turns < 20; turns++) await nextTurn();

    expect(ended).toEqual([new Error("a bug")]);
    expect([failed.count, logged]).toEqual([1, []]);
    runtime.close(session);
    request("t", 1);
    advance(1_001);
    expect(heard).toContain("accept");
    expect(heard).toContain("revoke");
  });

  it("is logged if it belongs to no stream, and the server goes on", async () => {
    const logged: unknown[] = [];
    const { advance, counts, openProducer, request } = serve((bug) => logged.push(bug));
    await openProducer(["t"], 5_000);
    for (let i = 0; i < 5_000; i++) request("t", i);
    advance(1_001);
    const spy = vi.spyOn(DeadlineWheel.prototype, "takeDue").mockImplementationOnce(() => {
      throw new Error("a bug");
    });
    onTestFinished(() => spy.mockRestore());
    await until(() => logged.length > 0);
    expect(logged).toEqual([new Error("a bug")]);
    expect(counts().pendingRequests).toBeGreaterThan(1_000);

    advance(1);
    await until(() => counts().pendingRequests === 0);
    expect(logged).toHaveLength(1);
  });
});

describe("many sessions that close in one turn of the event loop", () => {
  it("leave the core in turns", async () => {
    const { runtime, counts } = serve(undefined, 1);
    const sessions = Array.from({ length: 100 }, () => runtime.openStream(SINK, BOUND, ""));
    for (const session of sessions) runtime.submit({ kind: "callerOpened", session, peer: "" });
    expect(counts().callers).toBe(100);
    await nextTurn();

    for (const session of sessions) runtime.close(session);
    expect(counts().callers).toBeGreaterThan(80);
    expect(runtime.snapshot().openSessionCount).toBe(0);

    await until(() => counts().callers === 0);
  });
});

describe("the long work of the core", () => {
  it("of a session that has closed is finished: nothing of its departure is left", async () => {
    const { runtime, counts, openProducer, request } = serve();
    const session = await openProducer(names(9_000), 5_000);
    for (let i = 0; i < 4_000; i++) request(`t.${i}`, i);

    runtime.close(session);
    const { registrations, pendingRequests } = counts();
    expect([registrations > 1_000, pendingRequests > 1_000]).toEqual([true, true]);

    await until(() => counts().registrations === 0 && counts().pendingRequests === 0);
  });

  it("of a session that closes while it opens is finished, and it hears nothing more", async () => {
    const { runtime, counts, heard, open } = serve();
    const session = open();
    runtime.submit({
      ...{
        kind: "listenerOpened",
        session,
        sessionId: "",
        listenerId: "l",
        mintedId: "",
        topics: names(9_000),
      },
      ...{ resumeFrom: [], includeLate: false, includeSummaries: false, overflowAction: "DROP_OLDEST" },
      ...{ bufferBytes: 0, group: "", peer: "" },
    });
    await nextTurn();
    runtime.close(session);

    await until(() => counts().registrations === 0);
    expect(heard).toEqual([]);
  });

  it("on deadlines is finished, although it belongs to no session", async () => {
    const { counts, advance, openProducer, request } = serve();
    await openProducer(["t"], 5_000);
    for (let i = 0; i < 5_000; i++) request("t", i);

    advance(1_001);
    expect(counts().pendingRequests).toBeGreaterThan(1_000);

    await until(() => counts().pendingRequests === 0);
  });

  it("on the drain of the server is finished, although it belongs to no session", async () => {
    const { runtime, heard, open } = serve();
    for (let i = 0; i < 5_000; i++) runtime.submit({ kind: "callerOpened", session: open() });
    const count = (kind: string) => heard.filter((one) => one === kind).length;

    const drained = runtime.drain(60_000);
    expect(count("goAway")).toBeLessThan(5_000);

    await until(() => count("goAway") === 5_000 && count("close") === 5_000);
    await drained;
  });
});
