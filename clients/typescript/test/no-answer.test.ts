import { createServer } from "node:net";
import { status } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDeferred } from "../src/async/deferred.js";
import { Connection } from "../src/connection/connection.js";
import {
  createClient,
  type DispatcherClient,
  type RequestOptions,
  type SessionStatus,
} from "../src/index.js";
import { acceptance, summary, toRequester } from "./messages.js";
import { mutePort } from "./mute-port.js";
import { usePeers } from "./peers.js";

const peers = usePeers();

const REQUESTS: readonly (readonly [
  name: string,
  send: (client: DispatcherClient, options: RequestOptions) => Promise<unknown>,
])[] = [
  ["a dispatch", (client, options) => client.dispatch("topic1", options)],
  [
    "a dispatch on a call of its own",
    (client, options) => client.dispatch("topic1", { ...options, unary: true }),
  ],
  ["a validation", (client, options) => client.validate("topic1", options)],
  ["the summary of a gather", (client, options) => client.gather("topic1", options).summary],
  [
    "the loop over a gather",
    (client, options) => client.gather("topic1", options)[Symbol.asyncIterator]().next(),
  ],
  [
    "the acceptance of a gather on a call of its own",
    (client, options) => client.gather("topic1", { ...options, unary: true }).acceptance,
  ],
];

// The time limit of these tests separates a TTL and its reserve from the 20 s and more that gRPC takes.
describe("a request that gets no answer", { timeout: 6_000 }, () => {
  it.each(REQUESTS)(
    "ends soon after its TTL without a connection, and names the address: %s",
    async (_, send) => {
      const address = await mutePort();
      const client = createClient({ address });
      onTestFinished(() => client.close({ graceMs: 0 }));

      await expect(send(client, { ttlMs: 50 })).rejects.toMatchObject({
        reason: "NOT_CONNECTED",
        code: status.UNAVAILABLE,
        retryable: true,
        details: expect.stringContaining(`not connected to ${address}`),
      });
    },
  );

  it.each(REQUESTS)("ends soon after its TTL if the dispatcher is silent: %s", async (name, send) => {
    if (/dispatch on|validation/.test(name)) peers.fake.onDispatch = () => new Promise(() => {}) as never;
    await peers.client.waitForReady(5_000);

    await expect(send(peers.client, { ttlMs: 50 })).rejects.toMatchObject({
      reason: "NO_ANSWER",
      code: status.DEADLINE_EXCEEDED,
      details: expect.stringContaining("the dispatcher did not answer"),
    });
  });

  it("ends soon after the TTL of its acceptance if it has none itself", async () => {
    const gather = peers.client.gather("topic1");
    const call = await peers.fake.nextSubmit();
    const [submission] = (await call.next()).submissions;
    const accepted = acceptance(submission?.correlationId ?? "", "r1");
    call.send(
      toRequester({ ...accepted, value: { ...accepted.value, ttl: { seconds: 0n, nanos: 1_000_000 } } }),
    );

    await expect(gather.summary).rejects.toMatchObject({ reason: "NO_ANSWER" });
    expect((await gather.acceptance).requestId).toBe("r1");
  });

  it("has its TTL from its acceptance on, which a busy dispatcher sends late", async () => {
    const [earlier, gather, later] = [50, 1_000, 2_000].map((ttlMs) =>
      peers.client.gather("topic1", { ttlMs }),
    );
    const call = await peers.fake.nextSubmit();
    const [, submission] = (await call.next()).submissions;

    await expect(earlier?.summary).rejects.toMatchObject({ reason: "NO_ANSWER" });
    const accepted = acceptance(submission?.correlationId ?? "", "r1");
    call.send(toRequester({ ...accepted, value: { ...accepted.value, ttl: { seconds: 60n, nanos: 0 } } }));
    await expect(later?.summary).rejects.toMatchObject({ reason: "NO_ANSWER" });
    call.send(toRequester(summary("r1")));

    expect((await gather?.summary)?.requestId).toBe("r1");
  });

  it("leaves other requests alone", async () => {
    const short = peers.client.gather("topic1", { ttlMs: 50 });
    const long = peers.client.dispatch("topic1", { ttlMs: 600_000 });
    const call = await peers.fake.nextSubmit();
    const [, submission] = (await call.next()).submissions;

    await expect(short.summary).rejects.toMatchObject({ reason: "NO_ANSWER" });
    call.send(toRequester(acceptance(submission?.correlationId ?? "", "r2")));

    expect((await long).requestId).toBe("r2");
  });

  it("ends after the time limit of the call if it is no request", async () => {
    const connection = new Connection({ address: await mutePort() });
    onTestFinished(() => connection.close());

    const call = connection.call("/x/y", new Uint8Array(), () => null, { timeoutMs: 20 });

    await expect(call).rejects.toMatchObject({ reason: "NOT_CONNECTED" });
  });
});

describe("a client that finds nobody", () => {
  it("says each second what keeps its session", async () => {
    const address = await mutePort();
    const client = createClient({ address });
    onTestFinished(() => client.close({ graceMs: 0 }));
    const seen: SessionStatus[] = [];
    const twice = createDeferred<void>();
    client.createListener({
      topics: ["topic1"],
      onStatus(change) {
        seen.push(change);
        if (seen.length === 2) twice.resolve();
      },
    });

    await twice.promise;

    expect(seen).toMatchObject(
      Array(2).fill({
        type: "connecting",
        error: { reason: "NOT_CONNECTED", details: expect.stringContaining(address) },
        waitedMs: expect.any(Number),
      }),
    );
    const waited = seen.map((change) => (change.type === "connecting" ? change.waitedMs : 0));
    expect(waited[0]).toBeGreaterThan(900);
    expect((waited[1] ?? 0) - (waited[0] ?? 0)).toBeGreaterThan(900);
  });

  it.each<[what: string, address: () => Promise<string>, text: RegExp]>([
    ["a port on which nothing listens", freePort, /ECONNREFUSED/],
    ["a socket that does not exist", async () => "unix:/nonexistent/socket", /ENOENT/],
  ])("names the reason: %s", async (_, address, text) => {
    const client = createClient({ address: await address() });
    onTestFinished(() => client.close({ graceMs: 0 }));
    const lost = createDeferred<SessionStatus>();
    client.createProducer({ topics: [], handler: () => 1, onStatus: lost.resolve });

    expect(await lost.promise).toMatchObject({
      type: "disconnected",
      error: { details: expect.stringMatching(text) },
    });
    await expect(client.waitForReady(100)).rejects.toMatchObject({ details: expect.stringMatching(text) });
    await expect(client.dispatch("topic1")).rejects.toMatchObject({ details: expect.stringMatching(text) });
  });

  it("names the reason to waitForReady alone, too", async () => {
    const client = createClient({ address: await freePort() });
    onTestFinished(() => client.close({ graceMs: 0 }));

    await expect(client.waitForReady(500)).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      details: expect.stringMatching(/ECONNREFUSED/),
    });
  });
});

/** @returns the address of a port on which nothing listens. */
async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("the server did not listen");
  return `127.0.0.1:${address.port}`;
}
