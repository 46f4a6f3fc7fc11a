/**
 * Compares what the ledger of a server has for its connections with the memory of its process, while peers do not read or
 * do not complete what they send. `test/core/held-bytes.test.ts` does the same for the core alone.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { join } from "node:path";
import { ListenRequest } from "ate-dispatcher-client/internal";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectRaw, framed } from "../support/raw-call.js";
import { ROOT } from "../support/root.js";
import { connect } from "../support/wire-client.js";

const KIB = 1_024;
const MIB = 1_024 * KIB;
const DISPATCHER = "/ate.dispatcher.v1.DispatcherService";
const INTROSPECTION = "/ate.dispatcher.v1.IntrospectionService";

interface Held {
  readonly charged: number;
  readonly measured: number;
}

async function startServer() {
  const child = fork(join(ROOT, "test/e2e/held-bytes-server.mjs"), {
    execArgv: ["--expose-gc", "--max-old-space-size=1024"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [address] = (await once(child, "message")) as [string];
  const held = async (): Promise<Held> => {
    child.send("measure");
    const [answer] = (await once(child, "message")) as [Held];
    return answer;
  };
  return { address, held };
}

/** Opens a call that is never read. */
function callUnread(session: ClientHttp2Session, path: string): ClientHttp2Stream {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", () => undefined);
  return stream;
}

/**
 * A producer with a request on each topic.
 *
 * @returns a function that returns results of a size to all of them, and waits until a listener that reads has them.
 */
async function results(address: string, topics: readonly string[]) {
  const client = connect(address);
  const reader = await client.listener({ topics: ["topic.*"] });
  const producer = await client.producer("p", topics);
  for (const topic of topics) await client.dispatch({ topic, ttl: { seconds: 600n, nanos: 0 } });
  const assignments: { readonly assignmentId: string }[] = [];
  for (const _ of topics) assignments.push(await producer.next("assignment"));
  return async (count: number, byteLength: number): Promise<void> => {
    const value = "r".repeat(byteLength);
    for (let i = 0; i < count; i++) {
      for (const assignment of assignments) producer.answer(assignment, value, true);
      for (const _ of topics) await reader.next("delivery");
    }
  };
}

async function listenUnread(address: string, topics: readonly string[]): Promise<void> {
  const session = connectRaw(address);
  for (const topic of topics) {
    const stream = callUnread(session, `${DISPATCHER}/Listen`);
    const request = ListenRequest.fromPartial({
      listenerId: `l-${topic}`,
      topics: [topic],
      bufferBytes: 16 * MIB,
    });
    stream.end(framed(ListenRequest.encode(request).finish()));
    await once(stream, "response");
  }
}

describe("what a server holds for its connections", { timeout: 120_000 }, () => {
  it.each([
    ["large results that listeners do not read", 20, 100 * KIB, 30],
    ["small results that listeners do not read", 20, 200, 1_500],
  ])("is charged what it needs: %s", async (_, topicCount, byteLength, count) => {
    const { address, held } = await startServer();
    const topics = Array.from({ length: topicCount }, (_, i) => `topic.${i}`);
    await listenUnread(address, topics);
    const answer = await results(address, topics);
    await answer(20, 1_000);
    const before = await held();
    await answer(count, byteLength);
    expectTruth(before, await held());
  });

  it("is charged what it needs: answers that are not read", async () => {
    const { address, held } = await startServer();
    const client = connect(address);
    const topics = Array.from({ length: 1_000 }, (_, i) => `unread.${"x".repeat(200)}.${i}`);
    for (let i = 0; i < 2; i++) await client.producer(`p${i}`, topics);
    const sessions = [connectRaw(address), connectRaw(address)];
    const page = async (session: ClientHttp2Session): Promise<void> => {
      const stream = callUnread(session, `${INTROSPECTION}/ListProducers`);
      stream.end(framed(Buffer.alloc(0)));
      await once(stream, "response");
    };
    for (const session of sessions) await page(session);
    const before = await held();
    for (let i = 0; i < 25; i++) for (const session of sessions) await page(session);
    expectTruth(before, await held());
  });

  it("is charged what it needs: messages that are not complete", async () => {
    const { address, held } = await startServer();
    const sessions = Array.from({ length: 8 }, () => connectRaw(address));
    const before = await held();
    for (const session of sessions) {
      const stream = callUnread(session, `${DISPATCHER}/Submit`);
      const message = framed(Buffer.alloc(MIB - KIB)).subarray(0, 900 * KIB);
      await new Promise((resolve) => stream.write(message, resolve));
    }
    expectTruth(before, await held());
  });
});

/** Expects that the ledger is within 30 % of the memory. */
function expectTruth(before: Held, after: Held): void {
  const charged = after.charged - before.charged;
  const measured = after.measured - before.measured;
  expect(measured).toBeGreaterThan(4 * MIB);
  expect(charged / measured).toBeGreaterThan(0.7);
  expect(charged / measured).toBeLessThan(1.3);
}
