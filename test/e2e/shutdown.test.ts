/**
 * The shutdown of a dispatcher: every peer gets GoAway, pending requests finish or end with a reason, and no peer can
 * delay it.
 */
import { connect as connectTcp } from "node:net";
import { Client, credentials } from "@grpc/grpc-js";
import {
  GoAwayReason,
  NoProducersAction,
  OutcomeState,
  RevocationReason,
  SummaryReason,
} from "ate-dispatcher-client/internal";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { createDispatcher } from "../../src/compose.js";
import { startServer } from "../support/in-process.js";
import { createProcesses, type ServerProcess } from "../support/processes.js";
import {
  connect,
  duration,
  type ListenStream,
  millis,
  type ProducerInit,
  type WireClient,
} from "../support/wire-client.js";
import { refusalOf } from "../support/wire-status.js";
import type { Tagged, WireStream } from "../support/wire-stream.js";

const processes = createProcesses();
afterEach(() => processes.stopAll());

/** Longer than any test may take, so that a server that waits for the end of its grace fails the test. */
const LONG_GRACE = ["--drain-grace-ms", "10m"];
const shuttingDown = { code: "UNAVAILABLE", reason: "SHUTTING_DOWN", domain: "ate.dispatcher" };

/** Output that indicates a crash. */
const CRASH = /^\s+at |Error:|Unhandled|uncaught|"level":(50|60)/;

async function expectCleanExit(server: ServerProcess): Promise<void> {
  expect(await server.exit()).toEqual({ code: 0, signal: null });
  expect(server.stderr.all.filter((line) => CRASH.test(line))).toEqual([]);
}

const verbatim = (bytes: Buffer): Buffer => bytes;

/** Opens a stream of the health service or another service that never ends by itself. */
function watch(
  address: string,
  method: string,
): { readonly first: Promise<Buffer>; readonly ended: Promise<unknown> } {
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const call = client.makeServerStreamRequest(method, verbatim, verbatim, Buffer.alloc(0));
  return {
    first: new Promise((resolve) => call.on("data", resolve)),
    ended: new Promise((resolve) => call.on("error", resolve).on("end", resolve)),
  };
}

/** The health status: 1 SERVING, 2 NOT_SERVING. */
async function health(client: WireClient): Promise<number> {
  return (await client.unary("/grpc.health.v1.Health/Check", Buffer.alloc(0)))[1] ?? 0;
}

describe.each(["SIGTERM", "SIGINT"] as const)("at %s", (signal) => {
  it("every stream gets GoAway, pending requests finish, then all streams end UNAVAILABLE and the process with 0", async () => {
    const server = await processes.serve(LONG_GRACE);
    const client = connect(server.address);
    const producer = await client.producer("finishes", ["end"]);
    const listener = await client.listener({ topics: ["end"], includeSummaries: true });
    const subscriber = client.subscribe();
    subscriber.send({ $case: "listen", value: {} });
    await subscriber.next("ready");
    const submit = client.submit();
    submit.submit({ correlationId: "c", request: { topic: "end", ttl: duration(60_000) }, gather: true });
    await submit.next("acceptance");
    const gather = client.gather({ topic: "end", ttl: duration(60_000) });
    await gather.next("acceptance");
    const assignments = await producer.take("assignment", 2);
    expect(await health(client)).toBe(1);

    server.kill(signal);

    const streams = [producer, listener, subscriber, submit, gather] as readonly ListenStream[];
    for (const stream of streams) {
      const { reason, grace } = await stream.next("goAway");
      expect(reason).toBe(GoAwayReason.SHUTDOWN);
      expect(millis(grace)).toBe(600_000);
    }
    expect(await health(client)).toBe(2);
    expect(await refusalOf(client.dispatch({ topic: "end" }))).toMatchObject(shuttingDown);
    submit.submit({ correlationId: "too-late", request: { topic: "end" } });
    expect((await submit.next("rejection")).status?.code).toBe(14);
    expect(await client.listen({}).ended).toMatchObject(shuttingDown);
    expect(await client.gather({ topic: "end" }).ended).toMatchObject(shuttingDown);
    const newcomer = client.produce();
    newcomer.send({ $case: "hello", value: {} });
    expect(await newcomer.ended).toMatchObject(shuttingDown);

    for (const assignment of assignments) producer.answer(assignment, "in time");
    expect((await gather.next("summary")).reason).toBe(SummaryReason.ALL_ANSWERED);
    expect((await gather.ended).code).toBe("OK");
    expect((await submit.next("summary")).answeredCount).toBe(1);
    for (const stream of [producer, listener, subscriber, submit] as readonly WireStream<Tagged>[]) {
      expect(await stream.ended).toMatchObject(shuttingDown);
    }
    expect(listener.all("delivery")).toHaveLength(2);
    expect(listener.all("summary")).toHaveLength(2);
    await expectCleanExit(server);
  });
});

it("an idle server with open streams ends at once", async () => {
  const server = await processes.serve(LONG_GRACE);
  const client = connect(server.address);
  const listener = await client.listener({});
  server.kill("SIGTERM");
  expect(await listener.ended).toMatchObject(shuttingDown);
  await expectCleanExit(server);
});

describe("at the end of the grace", () => {
  it("pending requests end with SHUTDOWN, and their assignments are revoked", async () => {
    const server = await processes.serve(["--drain-grace-ms", "100ms"]);
    const client = connect(server.address);
    const silent = await client.producer("silent", ["silent"]);
    const listener = await client.listener({ topics: ["silent"], includeSummaries: true });
    const gather = client.gather({ topic: "silent", ttl: duration(60_000) });
    const held = { topic: "held", noProducersAction: NoProducersAction.WAIT, ttl: duration(60_000) };
    const waiting = client.gather(held);
    await waiting.next("acceptance");
    const { assignmentId } = await silent.next("assignment");
    server.kill("SIGTERM");
    expect(await gather.next("summary")).toMatchObject({
      reason: SummaryReason.SHUTDOWN,
      outcomes: [{ producerId: "silent", state: OutcomeState.CANCELLED }],
    });
    expect((await waiting.next("summary")).reason).toBe(SummaryReason.SHUTDOWN);
    for (const { ended } of [gather, waiting]) expect((await ended).code).toBe("OK");
    expect((await listener.next("summary")).reason).toBe(SummaryReason.SHUTDOWN);
    expect(await silent.next("revocation")).toEqual({
      assignmentIds: [assignmentId],
      reason: RevocationReason.SHUTDOWN,
    });
    for (const { ended } of [silent, listener]) expect(await ended).toMatchObject(shuttingDown);
    await expectCleanExit(server);
  });
});

describe("the shutdown is not delayed", () => {
  it("by a listener that never reads, silent connections, half a request, or watchers", async () => {
    const server = await processes.serve(LONG_GRACE);
    const [host = "", port = ""] = server.address.split(":");
    const sockets = Array.from({ length: 3 }, () => connectTcp(Number(port), host));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    for (const socket of sockets) socket.on("error", () => undefined);
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
    sockets[1]?.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    const silent = connect(server.address).produce();
    const watchers = [
      watch(server.address, "/grpc.health.v1.Health/Watch"),
      watch(server.address, "/ate.dispatcher.v1.IntrospectionService/Watch"),
    ];
    await Promise.all(watchers.map(({ first }) => first));
    const deaf = await connect(server.address).listener({ topics: ["flood"] });
    deaf.pause();
    const client = connect(server.address);
    const listener = await client.listener({ topics: ["flood"] });
    const producer = await client.producer("floods", ["flood"]);
    await client.dispatch({ topic: "flood" });
    const { assignmentId } = await producer.next("assignment");
    const outcome = { $case: "data", value: Buffer.alloc(64 * 1_024) } as const;
    for (let i = 0; i < 200; i++) {
      producer.send({ $case: "reply", value: { assignmentId, more: i < 199, result: { outcome } } });
    }
    await listener.take("delivery", 200);
    server.kill("SIGTERM");
    expect(await listener.ended).toMatchObject(shuttingDown);
    await Promise.all([...watchers.map(({ ended }) => ended), silent.ended]);
    await expectCleanExit(server);
  });
});

describe("accepted results", () => {
  it("reach every listener before its stream ends", async () => {
    const server = await processes.serve(LONG_GRACE);
    const client = connect(server.address);
    const producer = await client.producer("bursts", ["burst"]);
    const listener = await connect(server.address).listener({ topics: ["burst"] });
    const gather = client.gather({ topic: "burst", ttl: duration(60_000) });
    const { assignmentId } = await producer.next("assignment");
    server.kill("SIGTERM");
    await producer.next("goAway");
    const replies = Array.from(
      { length: 5_000 },
      (_, i): ProducerInit => ({
        $case: "reply",
        value: {
          assignmentId,
          more: i < 4_999,
          result: { outcome: { $case: "value", value: "x".repeat(100) } },
        },
      }),
    );
    producer.send(...replies);
    expect(await listener.ended).toMatchObject(shuttingDown);
    expect(listener.all("delivery").map(({ ordinal }) => ordinal)).toEqual(replies.map((_, i) => i + 1));
    expect((await gather.ended).code).toBe("OK");
    expect(gather.all("delivery")).toHaveLength(5_000);
    await expectCleanExit(server);
  });
});

describe("an embedded dispatcher", () => {
  it("drains once for any number of calls", async () => {
    const { dispatcher, address } = await startServer();
    const listener = await connect(address).listener({});
    const first = dispatcher.drain();
    expect(dispatcher.drain()).toBe(first);
    expect(await listener.ended).toMatchObject(shuttingDown);
    await first;
    expect(dispatcher.drain()).toBe(first);
    const again = createDispatcher({ listen: [address], logLevel: "silent" });
    await again.start();
    expect(again.addresses).toEqual([address]);
    await again.drain();
  });

  it("drains without having been started", async () => {
    await createDispatcher({ logLevel: "silent" }).drain();
  });

  it("names the address that it cannot bind, and can be drained after that", async () => {
    const { address } = await startServer();
    const second = createDispatcher({ listen: ["127.0.0.1:0", address], logLevel: "silent" });
    await expect(second.start()).rejects.toThrow(address);
    await second.drain();
  });
});
