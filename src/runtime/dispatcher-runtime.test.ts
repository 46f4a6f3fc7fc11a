import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { submitted } from "../../test/support/submitted.js";
import { DispatcherRuntime } from "./dispatcher-runtime.js";

/** Far more turns of the event loop than any work here takes. */
const MAX_TURNS = 200;

/** A runtime with a clock that stands still. Its sessions are calls, so it encodes nothing. */
function serve() {
  let now = 0;
  const clock = { now: () => now, timeOfDay: (at: number) => at };
  const newBatch = () => {
    throw new Error("nothing is encoded");
  };
  const runtime = new DispatcherRuntime("s", { recentRequests: 0 }, newBatch, clock);
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

/** Lets turns of the event loop pass until a condition holds. */
async function until(isDone: () => boolean): Promise<void> {
  for (let turns = 0; turns < MAX_TURNS && !isDone(); turns++) await nextTurn();
  expect(isDone()).toBe(true);
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `t.${i}`);

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
