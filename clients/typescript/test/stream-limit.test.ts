import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import { Client, credentials } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDeferred } from "../src/async/deferred.js";
import type { Link } from "../src/connection/link.js";
import { LinkPool } from "../src/connection/link-pool.js";
import { createClient, type SessionStatus } from "../src/index.js";
import { greetListener } from "./connected-listener.js";
import { greetProducer } from "./connected-producer.js";
import { FakeDispatcher } from "./fake-dispatcher.js";
import { accepted } from "./messages.js";
import type { Peers } from "./peers.js";
import { TcpProxy } from "./tcp-proxy.js";

const STREAM_LIMIT = 4;

/** A client of a dispatcher whose connections admit four streams each. */
async function limitedPeers(): Promise<Peers & { readonly proxy: TcpProxy }> {
  const fake = await FakeDispatcher.start(0, { "grpc.max_concurrent_streams": STREAM_LIMIT });
  onTestFinished(() => fake.stop());
  const proxy = await TcpProxy.to(fake.port);
  const client = createClient({ address: proxy.address, reconnect: { initialDelayMs: 1, maxDelayMs: 5 } });
  onTestFinished(() => client.close({ graceMs: 0 }));
  return { fake, client, proxy };
}

describe("a client with more streams than a connection admits", () => {
  it("opens further connections at once, and nothing that runs is touched", async () => {
    const peers = await limitedPeers();
    const statuses: SessionStatus["type"][] = [];
    const onStatus = ({ type }: SessionStatus) => void statuses.push(type);
    const producers = Array.from({ length: 9 }, () =>
      peers.client.createProducer({ topics: ["topic1"], handler: () => 1, onStatus }),
    );
    for (const _ of producers) await greetProducer(peers);
    await Promise.all(producers.map((producer) => producer.ready()));
    expect(peers.proxy.count).toBe(3);

    const listener = peers.client.createListener({ topics: ["topic1"], onStatus });
    await greetListener(peers);
    await listener.ready();
    await accepted(peers.client.dispatch("topic1"), await peers.fake.nextSubmit());
    peers.fake.onUpdateListener = () => ({ topics: ["topic1"] });
    const updates = Array.from({ length: 20 }, () => peers.client.updateListener("l-1", {}));

    expect(await Promise.all(updates)).toHaveLength(20);
    expect(new Set(statuses)).toEqual(new Set(["ready"]));
    expect(peers.proxy.count).toBeLessThanOrEqual(8);
  });

  it("opens as many streams as a peer admits after it has lowered its limit", async () => {
    const peer = await limitedHttp2Server(100);
    const client = createClient({ address: peer.address });
    onTestFinished(() => client.close({ graceMs: 0 }));
    client.createProducer({ topics: [], handler: () => 1 });
    client.createProducer({ topics: [], handler: () => 1 });
    await peer.untilStreams(2);

    await peer.lowerLimit(2);
    client.createProducer({ topics: [], handler: () => 1 });
    await peer.untilStreams(3);

    expect(peer.sessionCount()).toBe(2);
  });
});

describe("a pool of connections", () => {
  it("closes a further connection when it is unused, and keeps the first", async () => {
    const { fake, proxy } = await limitedPeers();
    expect(fake.port).toBeGreaterThan(0);
    const pool = new LinkPool(() => newClient(proxy.address), 0);
    onTestFinished(() => pool.close());
    const calls = await Promise.all(Array.from({ length: 2 * STREAM_LIMIT + 1 }, () => admitted(pool)));
    expect(new Set(calls.map(({ link }) => link)).size).toBe(3);

    for (const { end } of calls) end();

    await proxy.until(1);
    expect((await admitted(pool)).link).toBe(calls[0]?.link);
  });

  it("assumes 100 streams if the limit of the peer cannot be found out", async () => {
    const { proxy } = await limitedPeers();
    const pool = new LinkPool(() => {
      const client = newClient(proxy.address);
      const channel = client.getChannel();
      // A channel with its public methods only.
      const visible = {
        getConnectivityState: channel.getConnectivityState.bind(channel),
        watchConnectivityState: channel.watchConnectivityState.bind(channel),
      };
      Object.defineProperty(client, "getChannel", { value: () => visible });
      return client;
    }, 0);
    onTestFinished(() => pool.close());

    const calls = await Promise.all(Array.from({ length: 101 }, () => admitted(pool)));

    expect(new Set(calls.map(({ link }) => link)).size).toBe(2);
  });
});

/** Waits until a pool admits a call. */
async function admitted(pool: LinkPool): Promise<{ readonly link: Link; end(): void }> {
  const opened = createDeferred<Link>();
  const call = { abort: () => {} };
  pool.admit({
    open(link) {
      link.addCall(call);
      opened.resolve(link);
    },
    refuse: opened.reject,
  });
  const link = await opened.promise;
  return { link, end: () => link.removeCall(call) };
}

function newClient(address: string): Client {
  return new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
}

/** An HTTP/2 server that accepts streams and never answers. */
async function limitedHttp2Server(maxConcurrentStreams: number) {
  const server: Http2Server = createServer({ settings: { maxConcurrentStreams } });
  const sessions: ServerHttp2Session[] = [];
  let streamCount = 0;
  let onStream = () => {};
  server.on("session", (session) => sessions.push(session));
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.respond({ ":status": 200, "content-type": "application/grpc" });
    streamCount += 1;
    onStream();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen");
  return {
    address: `127.0.0.1:${address.port}`,
    sessionCount: () => sessions.length,
    async untilStreams(count: number) {
      while (streamCount < count) {
        await new Promise<void>((resolve) => {
          onStream = resolve;
        });
      }
    },
    async lowerLimit(limit: number) {
      await Promise.all(
        sessions.map(
          (session) =>
            new Promise<void>((resolve) =>
              session.settings({ maxConcurrentStreams: limit }, () => resolve()),
            ),
        ),
      );
    },
  };
}
