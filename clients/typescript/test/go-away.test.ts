import { status } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDeferred } from "../src/async/deferred.js";
import { GoAwayReason } from "../src/gen/ate/dispatcher/v1/session.js";
import { createClient, type SessionStatus } from "../src/index.js";
import { connectListener, greetListener } from "./connected-listener.js";
import { connectProducer, greetProducer } from "./connected-producer.js";
import {
  acceptance,
  accepted,
  assignment,
  rejection,
  summary,
  toListener,
  toProducer,
  toRequester,
  welcome,
} from "./messages.js";
import { type Peers, usePeers } from "./peers.js";
import { TcpProxy } from "./tcp-proxy.js";

const served = usePeers();
const GO_AWAY = {
  $case: "goAway",
  value: { reason: GoAwayReason.CONNECTION_AGE, grace: { seconds: 30n, nanos: 0 } },
} as const;

async function behindProxy(): Promise<Peers & { readonly proxy: TcpProxy }> {
  const proxy = await TcpProxy.to(served.fake.port);
  const reconnect = { initialDelayMs: 1, maxDelayMs: 100_000, multiplier: 1_000, jitter: 0 };
  const client = createClient({ address: proxy.address, reconnect });
  onTestFinished(() => client.close({ graceMs: 0 }));
  return { fake: served.fake, client, proxy };
}

describe("a connection that reaches its age", () => {
  it("lets a producer finish its work, sends nothing new, and is replaced without a delay", async () => {
    const peers = await behindProxy();
    const statuses: SessionStatus[] = [];
    const release = createDeferred<string>();
    const { producer, call, sent } = await connectProducer(peers, {
      handler: () => release.promise,
      onStatus: (change) => statuses.push(change),
    });
    call.send(toProducer(assignment("a1"), GO_AWAY));
    call.send(toProducer(assignment("a2")));
    while (statuses.length < 2) await new Promise((resolve) => setImmediate(resolve));

    const joined = producer.register("topic2");
    producer.setConcurrency(3);
    release.resolve("done");
    expect(await sent.next("reply")).toMatchObject({ assignmentId: "a1" });
    expect(await sent.next("reply")).toMatchObject({ assignmentId: "a2" });
    call.fail(status.UNAVAILABLE, "the connection is too old", "CONNECTION_AGE");

    const next = await greetProducer(peers);
    const { correlationId } = await next.sent.next("register");
    next.call.send(toProducer({ $case: "registered", value: { topics: ["topic2"], correlationId } }));
    await joined;
    expect(next.hello.maxOutstanding).toBe(3);
    expect(statuses.slice(0, 3)).toMatchObject([
      { type: "ready" },
      { type: "goingAway", graceMs: 30_000, reason: "CONNECTION_AGE" },
      { type: "disconnected", retryInMs: 1, error: { reason: "CONNECTION_AGE" } },
    ]);
    await peers.proxy.until(1);
  });

  it("is replaced for a listener, whose new topics go to the next stream", async () => {
    const peers = await behindProxy();
    const gone = createDeferred<void>();
    const onStatus = ({ type }: SessionStatus) => (type === "goingAway" ? gone.resolve() : undefined);
    const { listener, call } = await connectListener(peers, { onStatus });
    call.send(toListener(GO_AWAY));
    await gone.promise;

    const added = listener.add("topic2");
    call.fail(status.UNAVAILABLE, "the connection is too old", "CONNECTION_AGE");

    expect((await greetListener(peers)).listen.topics).toEqual(["topic1", "topic2"]);
    await added;
    await expect(call.next()).rejects.toThrow("no further message");
    await peers.proxy.until(1);
  });

  it("takes no further requests, and finishes those it has", async () => {
    const peers = await behindProxy();
    const gather = peers.client.gather("topic1", { ttlMs: 60_000 });
    const old = await peers.fake.nextSubmit();
    const [submission] = (await old.next()).submissions;
    old.send(toRequester(acceptance(submission?.correlationId ?? "", "r1"), GO_AWAY));
    await old.clientEnded;

    await accepted(peers.client.dispatch("topic2"), await peers.fake.nextSubmit());
    expect(peers.proxy.count).toBe(2);
    old.send(toRequester(summary("r1")));
    old.end();

    expect((await gather.summary).reason).toBe("ALL_ANSWERED");
    await peers.proxy.until(1);
  });

  it("repeats what the server did not accept on a new stream", async () => {
    const peers = await behindProxy();
    const dispatched = peers.client.dispatch("topic1");
    const gather = peers.client.gather("topic1");
    const unread = peers.client.dispatch("topic2");
    const old = await peers.fake.nextSubmit();
    const [first, second] = (await old.next()).submissions;
    const refuse = (id = "") => rejection(id, status.UNAVAILABLE, "too old", undefined, "CONNECTION_AGE");
    old.send(toRequester(GO_AWAY, refuse(first?.correlationId), refuse(second?.correlationId)));
    old.fail(status.UNAVAILABLE, "the connection is too old", "CONNECTION_AGE");

    const next = await peers.fake.nextSubmit();
    const ids: string[] = [];
    while (ids.length < 3) ids.push(...(await next.next()).submissions.map((each) => each.correlationId));
    next.send(
      toRequester(...ids.map((id) => acceptance(id, `r${id}`)), ...ids.map((id) => summary(`r${id}`))),
    );

    expect((await dispatched).requestId).toMatch(/^r/);
    expect((await unread).requestId).toMatch(/^r/);
    expect((await gather.summary).reason).toBe("ALL_ANSWERED");
  });
});

describe("the delay before a reconnect", () => {
  it("starts anew as soon as a session was live", async () => {
    const reconnect = { initialDelayMs: 1, maxDelayMs: 100_000, multiplier: 10, jitter: 0 };
    const client = createClient({ address: served.fake.address, reconnect });
    onTestFinished(() => client.close({ graceMs: 0 }));
    const delays: number[] = [];
    client.createProducer({
      topics: [],
      handler: () => 1,
      onStatus: (change) => change.type === "disconnected" && delays.push(change.retryInMs),
    });
    for (const isLive of [false, false, true, false]) {
      const call = await served.fake.nextProduce();
      await call.next();
      if (isLive) call.send(toProducer(welcome()));
      call.fail(status.UNAVAILABLE, "gone");
    }
    await served.fake.nextProduce();

    expect(delays).toEqual([1, 10, 1, 10]);
  });
});
