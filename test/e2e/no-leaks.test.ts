/**
 * Nothing is left behind: not by requests that nobody answers, not by streams that were cut, not by callers that lose
 * patience.
 */
import { execFileSync } from "node:child_process";
import { SummaryReason } from "ate-dispatcher-client/internal";
import { afterEach, describe, expect, it } from "vitest";
import type { DispatcherRuntime } from "../../src/runtime/dispatcher-runtime.js";
import { collectGarbage } from "../support/collect-garbage.js";
import { startHeldServer } from "../support/held-clock.js";
import { startInspectable } from "../support/in-process.js";
import { createProcesses } from "../support/processes.js";
import {
  connect,
  duration,
  type GatherStream,
  type RequestInit,
  WireClient,
} from "../support/wire-client.js";

const processes = createProcesses();
afterEach(() => processes.stopAll());

const REQUESTS = 10_000;
/** Enough to set up what stays for good, and to have the code compiled. */
const WARM_UP = 2_000;
/** Requests sent at once, and how many of them by Dispatch. */
const BATCH = 500;
const CALLS = 25;
const TTL = duration(50);
const MIB = 1024 * 1024;
/** From here on Node lets a server say how many resets a connection may send. */
const HAS_RESET_LIMIT = Number(process.versions.node.split(".")[0]) >= 22;

/** Dispatches a request many times, and waits until all of them have ended. @returns the reasons why. */
async function dispatchMany(
  address: string,
  request: RequestInit,
  count: number = REQUESTS,
): Promise<Set<number>> {
  const client = new WireClient(address);
  const listener = await client.listener({ topics: [request.topic ?? ""], includeSummaries: true });
  const stream = client.submit();
  for (let sent = 0; sent < count; sent += BATCH) {
    // Some by calls of their own, for which the server keeps something of its own.
    await Promise.all(Array.from({ length: CALLS }, () => client.dispatch(request)));
    stream.submit(
      ...Array.from({ length: BATCH - CALLS }, (_, i) => ({ correlationId: `${sent + i}`, request })),
    );
  }
  const summaries = await listener.take("summary", count);
  client.close();
  return new Set(summaries.map(({ reason }) => reason));
}

/** A producer that never answers, with room for everything. */
function mute(client: WireClient, topic: string) {
  return client.producer(`mute-${topic}`, [topic], { maxOutstanding: 65_536 });
}

describe("10,000 dispatches leave no state and no memory behind in the runtime:", () => {
  async function leavesNothing(
    run: (address: string, count: number) => Promise<Set<number>>,
    reason: number,
  ): Promise<void> {
    // A topic that a listener was told of is remembered for so long.
    const { address, runtime } = await startInspectable({ retainedMs: 1 });
    await run(address, WARM_UP);
    await isEmpty(runtime);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    expect(await run(address, REQUESTS)).toEqual(new Set([reason]));
    await isEmpty(runtime);
    collectGarbage();
    // A request that is kept costs 1 KB at the least.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan((REQUESTS * 1_024) / 4);
  }

  it("to a topic without producers", async () => {
    await leavesNothing(
      (address, count) => dispatchMany(address, { topic: "empty" }, count),
      SummaryReason.NO_PRODUCERS,
    );
  });

  it("to a producer that never answers", async () => {
    await leavesNothing(async (address, count) => {
      const client = connect(address);
      await mute(client, "mute");
      const reasons = await dispatchMany(address, { topic: "mute", ttl: TTL }, count);
      client.close();
      return reasons;
    }, SummaryReason.EXPIRED);
  });
});

describe("a server process", () => {
  it("has flat memory after 10,000 dispatches to nobody and 10,000 to a mute producer", async () => {
    // A small young generation, so that what is no longer needed is not kept until there is more of it.
    const { address, pid } = await processes.serve([], { env: { NODE_OPTIONS: "--max-semi-space-size=2" } });
    const client = connect(address);
    await mute(client, "mute");
    const round = async (count: number): Promise<void> => {
      await dispatchMany(address, { topic: "empty" }, count);
      await dispatchMany(address, { topic: "mute", ttl: TTL }, count);
    };
    await round(WARM_UP);
    const before = residentBytes(pid);
    await round(REQUESTS);
    const { counts, totals } = await client.serverInfo();
    expect(totals.acceptedRequests).toBe(BigInt(2 * (WARM_UP + REQUESTS)));
    expect(counts).toMatchObject({ pendingRequests: 0, outstandingAssignments: 0, waitingAssignments: 0 });
    expect((residentBytes(pid) - before) / MIB).toBeLessThan(40);
  });
});

describe("a listener that shares its connection", () => {
  it("outlives 3,000 gathers with deadlines and mute producers, since the server ends them first", async () => {
    // Room for all of them, a producer and a listener; a client beyond that would wait without being told.
    const { address, advance } = await startHeldServer({ maxStreamsPerConnection: 3_010 });
    const client = connect(address);
    await mute(client, "impatient");
    const listener = await client.listener({ topics: ["impatient"], includeSummaries: true });
    const deadline = Date.now() + 2_500;
    const gathers: GatherStream[] = [];
    while (gathers.length < 3_000) {
      const some = Array.from({ length: 25 }, () => client.gather({ topic: "impatient" }, { deadline }));
      for (const gather of some) await gather.next("acceptance");
      gathers.push(...some);
    }
    // Less the reserve that the server keeps.
    advance(2_250);
    expect(Date.now()).toBeLessThan(deadline);
    const codes = await Promise.all(gathers.map(async ({ ended }) => (await ended).code));
    expect(codes).toEqual(Array(3_000).fill("OK"));
    await listener.take("summary", 3_000);
    advance(250);
    expect((await client.listeners()).length).toBe(1);
  });

  it("outlives as many cancelled gathers as Node's limit of resets allows", async () => {
    const cancels = HAS_RESET_LIMIT ? 3_000 : 900;
    const { address, runtime } = await startInspectable({ retainedMs: 1 });
    const client = connect(address);
    const producer = await mute(client, "cancelled");
    const listener = await client.listener({ topics: ["cancelled"], includeSummaries: true });
    for (let i = 0; i < cancels; i += 100) {
      const gathers = Array.from({ length: 100 }, () => client.gather({ topic: "cancelled" }));
      await producer.take("assignment", 100);
      for (const gather of gathers) gather.cancel();
      await listener.take("summary", 100);
    }
    const gather = client.gather({ topic: "cancelled" });
    producer.answer(await producer.next("assignment"), "the connection lives");
    await listener.next("delivery");
    expect((await gather.ended).code).toBe("OK");
    client.close();
    await isEmpty(runtime);
  });
});

describe("a connection at its limit of streams", () => {
  it("outlives callers that give up while they wait for a free one", async () => {
    const { address } = await startInspectable({ maxStreamsPerConnection: 100 });
    const client = connect(address);
    await mute(client, "crowded");
    const listener = await client.listener({ topics: ["crowded"], includeSummaries: true });
    const callers = Array.from({ length: 200 }, async () => {
      for (let i = 0; i < 4; i++) {
        const gather = client.gather({ topic: "crowded" }, { deadline: Date.now() + 300 });
        gather.next("acceptance").then(
          () => gather.cancel(),
          () => undefined,
        );
        await gather.ended;
      }
    });
    await Promise.all(callers);
    const fence = await connect(address).dispatch({ topic: "crowded", ttl: duration(1) });
    let heard = await listener.next("summary");
    while (heard.requestId !== fence.requestId) heard = await listener.next("summary");
  });
});

describe("streams that are cut", () => {
  it("leave nothing, whatever they were in the middle of", async () => {
    const { address, runtime } = await startInspectable({ retainedMs: 1 });
    for (let round = 0; round < 5; round++) {
      const client = connect(address);
      for (let i = 0; i < 20; i++) {
        const topic = `cut.${i}`;
        const producer = await mute(client, topic);
        client.listen({ topics: [topic, "cut.*"], includeLate: true, includeSummaries: true });
        client.subscribe().say({ $case: "listen", value: { topics: [">"] } });
        client.gather({ topic });
        client.submit().submit({ correlationId: "c", request: { topic }, gather: true });
        producer.answer(await producer.next("assignment"), "more to come", true);
        await producer.next("assignment");
      }
      client.close();
    }
    await isEmpty(runtime);
  });
});

/** Waits until what was closed has been noticed, which takes the server some turns of the event loop. */
async function isEmpty(runtime: DispatcherRuntime): Promise<void> {
  const held = () => {
    const { counts, openSessionCount } = runtime.snapshot();
    return Object.entries({ ...counts, openSessionCount }).filter(([, count]) => count > 0);
  };
  await expect.poll(held, { timeout: 30_000, interval: 20 }).toEqual([]);
}

function residentBytes(pid: number): number {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) * 1_024;
}
