/**
 * The fallbacks: a server without the internals of grpc-js behaves the same for requests, results, gaps, closed streams
 * and drain. The imported files register their tests a second time here; the mock affects every server in this process.
 */
import { connect as connectTcp } from "node:net";
import { GoAwayReason, SummaryReason } from "ate-dispatcher-client/internal";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { GRPC_JS_INTERNALS } from "../../src/grpc/transport/grpc-js-internals.js";
import type { Logger } from "../../src/ports/logger.js";
import { flood } from "../support/flood.js";
import { startServer } from "../support/in-process.js";
import { connect, duration, type ListenStream } from "../support/wire-client.js";

vi.mock("../../src/grpc/transport/grpc-js-internals.js", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../src/grpc/transport/grpc-js-internals.js")>();
  const createMissing: typeof original.createGrpcJsInternals = (server, logger) =>
    original.createGrpcJsInternals(server, logger, { areMissing: true });
  return { ...original, createGrpcJsInternals: createMissing };
});

describe("without the internals of grpc-js", () => {
  it("the log names each of them once", async () => {
    const named: unknown[] = [];
    const ignore = (): void => undefined;
    const warn: Logger["warn"] = ({ internal }) => named.push(internal);
    const { address } = await startServer({ logger: { debug: ignore, info: ignore, warn, error: ignore } });
    const client = connect(address);
    await client.listener({ topics: ["a"] });
    await client.listener({ topics: ["b"] });

    expect(named).toEqual(GRPC_JS_INTERNALS);
  });

  it("a message that is too large still ends its call", async () => {
    const { address } = await startServer({ maxMessageBytes: 65_536 });
    const gather = connect(address).gather({ topic: "large", data: Buffer.alloc(70_000) });

    expect((await gather.ended).code).toBe("RESOURCE_EXHAUSTED");
  });

  it("a drain sends GoAway to every stream, and pending requests finish", async () => {
    const { address, dispatcher } = await startServer({ drainGraceMs: 10_000 });
    const client = connect(address);
    const producer = await client.producer("finishes", ["end"]);
    const listener = await client.listener({ topics: ["end"], includeSummaries: true });
    const submit = client.submit();
    submit.submit({ correlationId: "c", request: { topic: "end", ttl: duration(60_000) }, gather: true });
    await submit.next("acceptance");
    const assignment = await producer.next("assignment");
    const drained = dispatcher.drain();
    const streams = [producer, listener, submit] as readonly ListenStream[];
    for (const stream of streams) {
      expect((await stream.next("goAway")).reason).toBe(GoAwayReason.SHUTDOWN);
    }
    producer.answer(assignment, "in time");

    expect((await submit.next("summary")).reason).toBe(SummaryReason.ALL_ANSWERED);
    for (const { ended } of streams) {
      expect(await ended).toMatchObject({ code: "UNAVAILABLE", reason: "SHUTTING_DOWN" });
    }
    expect(listener.all("delivery")).toHaveLength(1);
    await drained;
  });

  it("a drain ends despite a listener that never reads and silent connections", async () => {
    const { address, dispatcher } = await startServer();
    const [host = "", port = ""] = address.split(":");
    const silent = connectTcp(Number(port), host);
    onTestFinished(() => {
      silent.destroy();
    });
    silent.on("error", () => undefined);
    await new Promise((resolve) => silent.once("connect", resolve));
    const deaf = await connect(address).listener({ topics: ["flood"] });
    deaf.pause();
    const listener = await connect(address).listener({ topics: ["flood"] });
    await flood(connect(address), "flood", 200, 64 * 1_024);
    await listener.take("delivery", 200);

    await dispatcher.drain();

    expect(await listener.ended).toMatchObject({ code: "UNAVAILABLE", reason: "SHUTTING_DOWN" });
  });

  describe("requests and results:", () => import("./semantics.test.js").then(() => undefined));
  describe("peers that do not read:", () => import("./slow-listener.test.js").then(() => undefined));
  describe("listeners that resume:", () => import("./resume.test.js").then(() => undefined));
});
