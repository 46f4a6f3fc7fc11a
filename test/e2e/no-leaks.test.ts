/**
 * The server leaks nothing: not with requests that get no reply, not with reset streams, and not with callers that
 * cancel.
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
/** Enough to allocate the permanent state and to compile the code. */
const WARM_UP = 2_000;
/** Requests sent at once, and the number of them that are sent by Dispatch. */
const BATCH = 500;
const CALLS = 25;
const TTL = duration(50);
const MIB = 1024 * 1024;
/** Since this version Node lets a server configure how many resets a connection may send. */
const HAS_RESET_LIMIT = Number(process.versions.node.split(".")[0]) >= 22;

/** Dispatches a request many times and waits for the end of all. @returns their reasons. */
async function dispatchMany(
  address: string,
  request: RequestInit,
  count: number = REQUESTS,
): Promise<Set<number>> {
  const client = new WireClient(address);
  const listener = await client.listener({ topics: [request.topic ?? ""], includeSummaries: true });
  const stream = client.submit();
  for (let sent = 0; sent < count; sent += BATCH) {
    // Some are sent by calls of their own, since the server keeps state per call.
    await Promise.all(Array.from({ length: CALLS }, () => client.dispatch(request)));
    stream.submit(
      ...Array.from({ length: BATCH - CALLS }, (_, i) => ({ correlationId: `${sent + i}`, request })),
    );
  }
  const summaries = await listener.take("summary", count);
  client.close();
  return new Set(summaries.map(({ reason }) => reason));
}

/** A producer that never replies, with credit for all requests. */
function silentProducer(client: WireClient, topic: string) {
  return client.producer(`silent-${topic}`, [topic], { maxOutstanding: 65_536 });
}

describe("10,000 dispatches leave no state and no memory in the runtime:", () => {
  async function expectNoGrowth(
    run: (address: string, count: number) => Promise<Set<number>>,
    reason: number,
  ): Promise<void> {
    // The retention time of a topic whose cursor a listener has received.
    const { address, runtime } = await startInspectable({ retainedMs: 1 });
    await run(address, WARM_UP);
    await untilEmpty(runtime);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    expect(await run(address, REQUESTS)).toEqual(new Set([reason]));
    await untilEmpty(runtime);
    collectGarbage();
    // A leaked request costs at least 1 KB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan((REQUESTS * 1_024) / 4);
  }

  it("to a topic without producers", async () => {
    await expectNoGrowth(
      (address, count) => dispatchMany(address, { topic: "empty" }, count),
      SummaryReason.NO_PRODUCERS,
    );
  });

  it("to a producer that never replies", async () => {
    await expectNoGrowth(async (address, count) => {
      const client = connect(address);
      await silentProducer(client, "silent");
      const reasons = await dispatchMany(address, { topic: "silent", ttl: TTL }, count);
      client.close();
      return reasons;
    }, SummaryReason.EXPIRED);
  });
});

describe("a server process", () => {
  it("has constant memory after 10,000 dispatches without a producer and 10,000 to a silent one", async () => {
    // A small young generation, so that garbage is collected early.
    const { address, pid } = await processes.serve([], { env: { NODE_OPTIONS: "--max-semi-space-size=2" } });
    const client = connect(address);
    await silentProducer(client, "silent");
    const round = async (count: number): Promise<void> => {
      await dispatchMany(address, { topic: "empty" }, count);
      await dispatchMany(address, { topic: "silent", ttl: TTL }, count);
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
  it("survives 3,000 gathers with deadlines and silent producers, since the server ends them first", async () => {
    // Enough streams for all gathers, a producer and a listener; beyond the limit a client would wait silently.
    const { address, advance } = await startHeldServer({ maxStreamsPerConnection: 3_010 });
    const client = connect(address);
    await silentProducer(client, "impatient");
    const listener = await client.listener({ topics: ["impatient"], includeSummaries: true });
    const deadline = Date.now() + 2_500;
    const gathers: GatherStream[] = [];
    while (gathers.length < 3_000) {
      const some = Array.from({ length: 25 }, () => client.gather({ topic: "impatient" }, { deadline }));
      for (const gather of some) await gather.next("acceptance");
      gathers.push(...some);
    }
    // The deadline minus the server's reserve.
    advance(2_250);
    expect(Date.now()).toBeLessThan(deadline);
    const codes = await Promise.all(gathers.map(async ({ ended }) => (await ended).code));
    expect(codes).toEqual(Array(3_000).fill("OK"));
    await listener.take("summary", 3_000);
    advance(250);
    expect((await client.listeners()).length).toBe(1);
  });

  it("survives as many cancelled gathers as Node's limit of resets allows", async () => {
    const cancels = HAS_RESET_LIMIT ? 3_000 : 900;
    const { address, runtime } = await startInspectable({ retainedMs: 1 });
    const client = connect(address);
    const producer = await silentProducer(client, "cancelled");
    const listener = await client.listener({ topics: ["cancelled"], includeSummaries: true });
    for (let i = 0; i < cancels; i += 100) {
      const gathers = Array.from({ length: 100 }, () => client.gather({ topic: "cancelled" }));
      await producer.take("assignment", 100);
      for (const gather of gathers) gather.cancel();
      await listener.take("summary", 100);
    }
    const gather = client.gather({ topic: "cancelled" });
    producer.answer(await producer.next("assignment"), "the connection is open");
    await listener.next("delivery");
    expect((await gather.ended).code).toBe("OK");
    client.close();
    await untilEmpty(runtime);
  });
});

describe("a connection at its limit of streams", () => {
  it("survives callers that cancel while they wait for a free stream", async () => {
    const { address } = await startInspectable({ maxStreamsPerConnection: 100 });
    const client = connect(address);
    await silentProducer(client, "crowded");
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
    let summary = await listener.next("summary");
    while (summary.requestId !== fence.requestId) summary = await listener.next("summary");
  });
});

describe("reset streams", () => {
  it("leave no state in any phase", async () => {
    const { address, runtime } = await startInspectable({ retainedMs: 1 });
    for (let round = 0; round < 5; round++) {
      const client = connect(address);
      for (let i = 0; i < 20; i++) {
        const topic = `reset.${i}`;
        const producer = await silentProducer(client, topic);
        client.listen({ topics: [topic, "reset.*"], includeLate: true, includeSummaries: true });
        client.subscribe().send({ $case: "listen", value: { topics: [">"] } });
        client.gather({ topic });
        client.submit().submit({ correlationId: "c", request: { topic }, gather: true });
        producer.answer(await producer.next("assignment"), "more to come", true);
        await producer.next("assignment");
      }
      client.close();
    }
    await untilEmpty(runtime);
  });
});

/** Waits until the server has processed every close, which takes some event-loop turns. */
async function untilEmpty(runtime: DispatcherRuntime): Promise<void> {
  const held = () => {
    const { counts, openSessionCount } = runtime.snapshot();
    return Object.entries({ ...counts, openSessionCount }).filter(([, count]) => count > 0);
  };
  await expect.poll(held, { timeout: 30_000, interval: 20 }).toEqual([]);
}

function residentBytes(pid: number): number {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) * 1_024;
}
