/**
 * Peers that do not read: their queues are bounded, they learn exactly what they lost or why they were closed, and other
 * peers are not affected.
 */
import {
  GapReason,
  OutcomeState,
  OverflowAction,
  RevocationReason,
  SummaryReason,
} from "ate-dispatcher-client/internal";
import { describe, expect, it } from "vitest";
import { flood } from "../support/flood.js";
import { startServer, useServer } from "../support/in-process.js";
import { connect, duration, type ListenStream } from "../support/wire-client.js";

const KIB = 1_024;
const MIB = 1_024 * KIB;
/** Bytes that both transports buffer: 1 MiB of flow-control window each, and 16 unread messages of at most 256 KiB or
 * one result. */
const absorbed = (bytes: number) => 2 * MIB + 18 * Math.max(256 * KIB, bytes);
const server = useServer({ producerBufferBytes: MIB, callerBufferBytes: MIB });

/** Fails unless every sequence number from 1 on was delivered or in a gap, in order. @returns the count of each. */
function accountFor(listener: ListenStream): { readonly delivered: number; readonly lost: number } {
  let position = 0n;
  let delivered = 0;
  let lost = 0n;
  const wrong: unknown[] = [];
  for (const event of listener.events) {
    if (event.$case === "delivery") {
      if (event.value.sequence !== position + 1n) wrong.push({ position, got: event.value.sequence });
      position = event.value.sequence;
      delivered++;
    } else if (event.$case === "gap") {
      const { reason, from, to, lostCount } = event.value;
      const isRight =
        reason === GapReason.SLOW_LISTENER && from === position + 1n && lostCount === to - from + 1n;
      if (!isRight) wrong.push({ position, gap: event.value });
      position = to;
      lost += lostCount;
    }
  }
  expect(wrong).toEqual([]);
  return { delivered, lost: Number(lost) };
}

describe("a listener that does not read,", () => {
  it.each([
    ["small results", 10_000, KIB, 64 * KIB],
    ["results of 1 MiB, each larger than its buffer", 40, MIB - 1_100, 64 * KIB],
    ["results of 1 MiB", 40, MIB - 1_100, 4 * MIB],
  ])(
    "with %s: its queue is bounded, it gets gaps for its losses, and other listeners receive everything",
    async (name, count, bytes, bufferBytes) => {
      const client = connect(server.address);
      const topic = `slow.${name.replaceAll(/[^a-z]+/g, "-")}`;
      const slow = await connect(server.address).listener({
        listenerId: topic,
        topics: [topic],
        bufferBytes,
      });
      const fast = await connect(server.address).listener({ topics: [topic] });
      slow.pause();
      await flood(client, topic, count, bytes);
      let receivedCount = 0;
      for (; receivedCount < count; receivedCount++) {
        await fast.next("delivery");
        if (receivedCount % Math.ceil(count / 20) > 0) continue;
        const found = (await client.listeners()).find(({ listenerId }) => listenerId === topic);
        // A queue always takes one chunk, and the limit is checked only at the end of an event-loop turn.
        const chunk = bytes + 64 * KIB;
        expect(Number(found?.queuedBytes)).toBeLessThanOrEqual(Math.max(bufferBytes, chunk) + 2 * chunk);
      }
      expect(accountFor(fast)).toEqual({ delivered: count, lost: 0 });
      const dropped = (await client.listeners()).find(({ listenerId }) => listenerId === topic)?.droppedCount;
      slow.resume();
      let latest = await slow.next("delivery");
      while (latest.sequence < count) latest = await slow.next("delivery");
      const { delivered, lost } = accountFor(slow);
      expect(delivered + lost).toBe(count);
      expect(lost).toBe(Number(dropped));
      expect(lost * bytes).toBeGreaterThan(count * bytes - bufferBytes - absorbed(bytes));
    },
  );

  it("except now and then, gets a gap at the place of every loss", async () => {
    const client = connect(server.address);
    const topics = ["slow.intermittent"];
    const slow = await connect(server.address).listener({ topics, bufferBytes: 64 * KIB });
    const fast = await connect(server.address).listener({ topics });
    const count = 20_000;
    slow.pause();
    await flood(client, "slow.intermittent", count, KIB);
    for (let receivedCount = 0; receivedCount < count; receivedCount += 2_000) {
      await fast.take("delivery", 2_000);
      slow.resume();
      await slow.next("delivery");
      slow.pause();
    }
    slow.resume();
    let latest = await slow.next("delivery");
    while (latest.sequence < count) latest = await slow.next("delivery");
    const { delivered, lost } = accountFor(slow);
    expect(delivered + lost).toBe(count);
    expect(slow.all("gap").length).toBeGreaterThan(1);
  });

  it("with DISCONNECT is closed with RESOURCE_EXHAUSTED, and its session ends before it reads the status", async () => {
    const client = connect(server.address);
    const overflowAction = OverflowAction.DISCONNECT;
    const topics = ["slow.disconnect"];
    const slow = await connect(server.address).listener({
      listenerId: "disconnects",
      topics,
      overflowAction,
      bufferBytes: 64 * KIB,
    });
    const fast = await connect(server.address).listener({ topics });
    slow.pause();
    const count = 5_000;
    await flood(client, "slow.disconnect", count, KIB);
    await fast.take("delivery", count);
    expect(accountFor(fast)).toEqual({ delivered: count, lost: 0 });
    const connected = (await client.listeners()).map(({ listenerId }) => listenerId);
    expect(connected).not.toContain("disconnects");
    slow.resume();
    expect(await slow.ended).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      reason: "SLOW_LISTENER",
      domain: "ate.dispatcher",
      metadata: { limit: String(64 * KIB) },
    });
    expect((await slow.ended).retryDelayMs).toBeGreaterThan(0);
    // It resumes after its last delivery.
    const sequence = slow.all("delivery").at(-1)?.sequence ?? 0n;
    const epoch = slow.all("ready")[0]?.cursors[0]?.epoch ?? "";
    const resumeFrom = [{ topic: "slow.disconnect", epoch, sequence }];
    const again = await connect(server.address).listener({ topics, resumeFrom });
    await again.take("delivery", count - Number(sequence));
    expect(again.all("delivery")[0]?.sequence).toBe(sequence + 1n);
  });

  it("and includes summaries, is closed when the summaries alone exceed its buffer", async () => {
    const client = connect(server.address);
    const topics = ["slow.summaries"];
    const slow = await connect(server.address).listener({
      topics,
      includeSummaries: true,
      bufferBytes: 16 * KIB,
    });
    slow.pause();
    const stream = client.submit();
    for (let batch = 0; batch < 60; batch++) {
      const request = { topic: "slow.summaries" };
      stream.submit(...Array.from({ length: 500 }, (_, i) => ({ correlationId: `${batch}.${i}`, request })));
      await stream.take("acceptance", 500);
    }
    slow.resume();
    expect(await slow.ended).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "SLOW_LISTENER" });
  });
});

/** How long a peer may read nothing: longer than the event loop of a busy test machine stalls. */
const STALL_MS = 1_000;

describe("a producer that reads slowly", () => {
  it("is sent what fits into its window, and gets the rest as it reads", async () => {
    const client = connect(server.address);
    const slow = await connect(server.address).producer("late", ["late"]);
    const listener = await client.listener({ topics: ["late"], includeSummaries: true });
    slow.pause();
    const data = Buffer.alloc(256 * KIB);
    const count = 40;
    for (let i = 0; i < count; i++) await client.dispatch({ topic: "late", data, ttl: duration(60_000) });
    slow.resume();
    for (let i = 0; i < count; i++) slow.answer(await slow.next("assignment"), i);
    for (const { outcomes } of await listener.take("summary", count)) {
      expect(outcomes.map(({ state }) => state)).toEqual([OutcomeState.ANSWERED]);
    }
  });

  it("finds what does not fit into its backlog SATURATED, and stays", async () => {
    const client = connect(server.address);
    const slow = await connect(server.address).producer("full", ["full"], { maxBacklog: 1 });
    const listener = await client.listener({ topics: ["full"], includeSummaries: true });
    slow.pause();
    const data = Buffer.alloc(256 * KIB);
    for (let i = 0; i < 40; i++) await client.dispatch({ topic: "full", data, ttl: duration(60_000) });
    const { outcomes } = await listener.next("summary");
    expect(outcomes.map(({ state }) => state)).toEqual([OutcomeState.SATURATED]);
    expect((await client.producers()).map(({ producerId }) => producerId)).toContain("full");
  });
});

describe("a producer that does not read", () => {
  it("is closed, and departs before it reads the status", async () => {
    const stalling = await startServer({ closeTimeoutMs: STALL_MS });
    const client = connect(stalling.address);
    const slow = await connect(stalling.address).producer("deaf", ["deaf"]);
    const well = await client.producer("well", ["deaf"]);
    const listener = await client.listener({ topics: ["deaf"], includeSummaries: true });
    slow.pause();
    const data = Buffer.alloc(256 * KIB);
    for (let i = 0; i < 40; i++) {
      await client.dispatch({ topic: "deaf", data, ttl: duration(60_000) });
      well.answer(await well.next("assignment"), i);
    }
    const { outcomes } = await listener.next("summary");
    expect(outcomes.map(({ producerId, state }) => [producerId, state])).toEqual([
      ["deaf", OutcomeState.DEPARTED],
      ["well", OutcomeState.ANSWERED],
    ]);
    expect((await client.producers()).map(({ producerId }) => producerId)).not.toContain("deaf");
    expect((await client.dispatch({ topic: "deaf" })).targets).toHaveLength(1);
    // The status, or the reset if the peer reads it too late.
    slow.resume();
    expect(await slow.ended).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  });
});

describe("a caller that does not read", () => {
  it("is closed even if its results fit into its buffer", async () => {
    const stalling = await startServer({ closeTimeoutMs: STALL_MS, callerBufferBytes: 64 * MIB });
    const client = connect(stalling.address);
    const producer = await client.producer("p", ["t"]);
    const stream = connect(stalling.address).gather({ topic: "t", ttl: duration(60_000) });
    const assignment = await producer.next("assignment");
    stream.pause();
    const data = Buffer.alloc(512 * KIB);
    for (let sent = 0; sent < absorbed(data.length) + 8 * MIB; sent += data.length) {
      producer.reply(assignment, { $case: "data", value: data }, true);
    }
    expect((await producer.next("revocation")).reason).toBe(RevocationReason.CALLER_GONE);
    stream.resume();
    expect(await stream.ended).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  });

  it.each(["gather", "submit"] as const)(
    "its results is closed as SLOW_CALLER, and its %s is cancelled",
    async (kind) => {
      const client = connect(server.address);
      const topic = `deaf.${kind}`;
      const producer = await client.producer(topic, [topic]);
      const listener = await client.listener({ topics: [topic], includeSummaries: true });
      const caller = connect(server.address);
      const request = { topic, ttl: duration(60_000) };
      const submit = caller.submit();
      if (kind === "submit") submit.submit({ correlationId: "c", request, gather: true });
      const stream = kind === "submit" ? submit : caller.gather(request);
      const assignment = await producer.next("assignment");
      stream.pause();
      const data = Buffer.alloc(256 * KIB);
      for (let i = 0; i < 40; i++) {
        producer.reply(assignment, { $case: "data", value: data }, true);
      }
      expect((await listener.next("summary")).reason).toBe(SummaryReason.CANCELLED);
      expect((await producer.next("revocation")).reason).toBe(RevocationReason.CALLER_GONE);
      stream.resume();
      const refused = await stream.ended;
      expect(refused).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "SLOW_CALLER" });
      expect(refused.retryDelayMs).toBeGreaterThan(0);
    },
  );
});

describe("a peer that was closed", () => {
  it("and reads to the end in time gets its status, and other streams of its connection stay open", async () => {
    const client = connect((await startServer({ closeTimeoutMs: 100 })).address);
    const replaced = await client.listener({ listenerId: "twice", topics: ["cut"] });
    const again = await client.listener({ listenerId: "twice", topics: ["cut"] });
    expect(await replaced.ended).toMatchObject({ code: "ABORTED", reason: "SESSION_REPLACED" });
    await flood(client, "cut", 1_000, KIB);
    await again.take("delivery", 1_000);
    expect(accountFor(again)).toEqual({ delivered: 1_000, lost: 0 });
  });
});
