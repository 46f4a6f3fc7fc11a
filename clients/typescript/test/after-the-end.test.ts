import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { createDeferred } from "../src/async/deferred.js";
import { createClient, type DispatcherClient } from "../src/index.js";
import { connectListener } from "./connected-listener.js";
import { connectProducer } from "./connected-producer.js";
import { assignment, delivery, toListener, toProducer } from "./messages.js";
import { mutePort } from "./mute-port.js";
import { usePeers } from "./peers.js";

const peers = usePeers();
const CLOSED = { reason: "CLOSED", code: status.CANCELLED };

/** The calls that need an answer of the server. */
const CALLS: readonly (readonly [name: string, call: (client: DispatcherClient) => Promise<unknown>])[] = [
  ["dispatch", (client) => client.dispatch("topic1")],
  ["a dispatch on a call of its own", (client) => client.dispatch("topic1", { unary: true })],
  ["validate", (client) => client.validate("topic1")],
  ["a gather", (client) => client.gather("topic1").summary],
  ["a gather on a call of its own", (client) => client.gather("topic1", { unary: true }).acceptance],
  ["the loop over a gather", (client) => client.gather("topic1")[Symbol.asyncIterator]().next()],
  ["cancelRequest", (client) => client.cancelRequest("r1")],
  ["updateListener", (client) => client.updateListener("l-1", { add: ["topic1"] })],
  ["waitForReady", (client) => client.waitForReady(60_000)],
  ["a producer's ready", (client) => client.createProducer({ topics: [], handler: () => 1 }).ready()],
  ["a listener's ready", (client) => client.createListener({ topics: [] }).ready()],
  ["serverInfo", (client) => client.introspect.serverInfo()],
  ["a list of topics", (client) => client.introspect.topics()[Symbol.asyncIterator]().next()],
  ["request", (client) => client.introspect.request("r1")],
  ["watch", async (client) => await client.introspect.watch()[Symbol.asyncIterator]().next()],
];

describe("a client that closes", () => {
  it.each(CALLS)("rejects %s afterwards", async (_, call) => {
    await peers.client.close();

    await expect(call(peers.client)).rejects.toMatchObject(CLOSED);
  });

  it.each(CALLS)("rejects %s that is pending, also without a connection", async (_, call) => {
    const client = createClient({ address: await mutePort() });
    const pending = call(client);
    pending.catch(() => {});

    await client.close({ graceMs: 0 });

    await expect(pending).rejects.toMatchObject(CLOSED);
  });

  it("rejects new work while its producer drains, and opens no session", async () => {
    const release = createDeferred<string>();
    const { call, sent } = await connectProducer(peers, { handler: () => release.promise });
    call.send(toProducer(assignment("a1")));

    const closed = peers.client.close();
    await sent.next("drain");
    for (const [name, start] of CALLS.filter(
      ([name]) => !/cancelRequest|updateListener|waitFor|Info|request|topics/.test(name),
    )) {
      await expect(start(peers.client), name).rejects.toMatchObject(CLOSED);
    }
    release.resolve("done");
    await sent.next("reply");
    call.send(toProducer({ $case: "drained", value: {} }));
    call.end();

    await closed;
  });

  it("may be closed again with a shorter grace", async () => {
    const { call } = await connectProducer(peers, { handler: () => new Promise(() => {}) });
    call.send(toProducer(assignment("a1")));
    const patient = peers.client.close();

    await peers.client.close({ graceMs: 0 });

    await patient;
  });
});

describe("a session that has ended", () => {
  it("gives the reason for its end to every call on a producer", async () => {
    const { producer, call } = await connectProducer(peers);
    call.fail(status.ABORTED, "replaced", "SESSION_REPLACED");
    const replaced = { reason: "SESSION_REPLACED" };
    await expect(producer.closed).rejects.toMatchObject(replaced);

    await expect(producer.ready()).rejects.toMatchObject(replaced);
    await expect(producer.register("topic2")).rejects.toMatchObject(replaced);
    await expect(producer.deregister("topic2")).rejects.toMatchObject(replaced);
    producer.setConcurrency(2);
    await producer.close();
  });

  it("gives the reason for its end to every call on a listener", async () => {
    const { listener, call } = await connectListener(peers);
    call.fail(status.ABORTED, "replaced", "SESSION_REPLACED");
    const replaced = { reason: "SESSION_REPLACED" };
    await expect(listener.closed).rejects.toMatchObject(replaced);

    await expect(listener.ready()).rejects.toMatchObject(replaced);
    await expect(listener.add("topic2")).rejects.toMatchObject(replaced);
    await expect(listener.remove("topic2")).rejects.toMatchObject(replaced);
    await expect(listener[Symbol.asyncIterator]().next()).rejects.toMatchObject(replaced);
    await listener.close();
  });

  it("rejects changes that are pending when it is closed", async () => {
    const { producer } = await connectProducer(peers);
    const { listener, call } = await connectListener(peers);
    call.send(toListener(delivery("topic1", 1n)));
    const pending = [producer.register("topic2"), producer.deregister("topic1"), listener.add("topic2")];
    for (const change of pending) change.catch(() => {});

    await Promise.all([producer.close({ graceMs: 0 }), listener.close()]);

    for (const change of pending) await expect(change).rejects.toMatchObject(CLOSED);
    expect(await listener[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });
});
