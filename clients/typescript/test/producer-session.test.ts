import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { createDeferred } from "../src/async/deferred.js";
import type { DispatcherError, SessionStatus } from "../src/index.js";
import { answer, connectProducer, greetProducer } from "./connected-producer.js";
import { FakeDispatcher } from "./fake-dispatcher.js";
import { toProducer } from "./messages.js";
import { usePeers } from "./peers.js";

const peers = usePeers();

describe("a session", () => {
  it("starts with a Hello that carries all options", async () => {
    const { producer, hello } = await connectProducer(peers, {
      topics: ["topic1", { topic: "quotes.>", group: "g" }],
      concurrency: 3,
      maxBacklog: 7,
      id: "vendor",
      displayName: "Vendor",
      labels: { region: "eu" },
    });

    expect(hello).toEqual({
      producerId: "vendor",
      displayName: "Vendor",
      labels: { region: "eu" },
      registrations: [
        { topic: "topic1", group: "" },
        { topic: "quotes.>", group: "g" },
      ],
      maxOutstanding: 3,
      maxBacklog: 7,
      reportDispositions: false,
    });
    expect(producer.id).toBe("p-1");
  });

  it("is rejected before anything is sent if the concurrency is not a whole number from 1", () => {
    const handler = () => null;

    expect(() => peers.client.createProducer({ topics: [], handler, concurrency: 0 })).toThrow(
      /concurrency is 0/,
    );
  });

  it("changes its concurrency while it is live, and keeps it for the next session", async () => {
    const { producer, call, sent } = await connectProducer(peers);

    producer.setConcurrency(9);
    expect(await sent.next("updateCredit")).toEqual({ maxOutstanding: 9 });
    call.fail(status.UNAVAILABLE, "gone");

    expect((await greetProducer(peers)).hello.maxOutstanding).toBe(9);
  });

  it("keeps the id that the server generated, so that the next session replaces it", async () => {
    const { call, hello } = await connectProducer(peers);
    expect(hello.producerId).toBe("");

    call.fail(status.UNAVAILABLE, "gone");

    expect((await greetProducer(peers)).hello.producerId).toBe("p-1");
  });

  it("reconnects after its loss, and is ready again", async () => {
    const statuses: SessionStatus[] = [];
    const { producer, call } = await connectProducer(peers, { onStatus: (change) => statuses.push(change) });

    call.fail(status.UNAVAILABLE, "restarting", "SHUTTING_DOWN");
    const { hello } = await greetProducer(peers, { sessionId: "s-2" });
    await producer.ready();

    expect(hello.registrations).toEqual([{ topic: "topic1", group: "" }]);
    expect(statuses).toMatchObject([
      { type: "ready", id: "p-1", sessionId: "s-1", serverId: "d-1" },
      { type: "disconnected", error: { code: status.UNAVAILABLE, reason: "SHUTTING_DOWN" } },
      { type: "ready", sessionId: "s-2" },
    ]);
  });

  it("reconnects when the server could not be reached for a while", async () => {
    const lost = createDeferred<void>();
    const onStatus = (change: SessionStatus) => change.type === "disconnected" && lost.resolve();
    const { producer } = await connectProducer(peers, { onStatus });

    const { port } = peers.fake;
    peers.fake.stop();
    await lost.promise;
    peers.fake = await FakeDispatcher.start(port);
    await greetProducer(peers);

    await producer.ready();
  });

  it("continues after GoAway until the server ends it", async () => {
    const statuses: SessionStatus[] = [];
    const { call, sent } = await connectProducer(peers, {
      handler: () => 1,
      onStatus: (change) => statuses.push(change),
    });

    call.send(toProducer({ $case: "goAway", value: { reason: 1, grace: { seconds: 2n, nanos: 0 } } }));
    await answer(call, sent, "a1");

    expect(statuses.at(-1)).toEqual({ type: "goingAway", graceMs: 2000, reason: "SHUTDOWN" });
  });

  it("counts as dead when the heartbeats stop", async () => {
    const lost = createDeferred<DispatcherError>();
    const onStatus = (change: SessionStatus) =>
      change.type === "disconnected" ? lost.resolve(change.error) : undefined;

    await connectProducer(peers, { onStatus }, { heartbeatInterval: { seconds: 0n, nanos: 5_000_000 } });

    expect(await lost.promise).toMatchObject({ reason: "HEARTBEAT_LOST", retryable: true });
  });

  it.each<[code: status, reason: string]>([
    [status.ABORTED, "SESSION_REPLACED"],
    [status.UNAUTHENTICATED, "TOKEN_EXPIRED"],
    [status.INVALID_ARGUMENT, "BAD_TOPIC"],
  ])("ends for good with %i %s", async (code, reason) => {
    const { producer, call } = await connectProducer(peers);

    call.fail(code, "no", reason);

    await expect(producer.closed).rejects.toMatchObject({ code, reason });
    await expect(producer.ready()).rejects.toMatchObject({ reason });
    await expect(producer.register("topic2")).rejects.toMatchObject({ reason });
  });
});
