/**
 * More requests than the server can process within their TTL, over real sockets. Each gets a response; requests that
 * waited too long get OVERLOADED. Afterwards the server works as before.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { SubmitRequest } from "ate-dispatcher-client/internal";
import { describe, expect, it } from "vitest";
import { useServer } from "../support/in-process.js";
import { connect, duration } from "../support/wire-client.js";
import { readStatus } from "../support/wire-status.js";

const CONNECTIONS = 8;
const PER_MESSAGE = 1_000;
const MESSAGES = 20;
/** Enough for a machine twice as fast as one on which half of them overload the server. */
const MAX_MESSAGES = 60;
const TTL_MS = 10;

/** A large buffer: the client shares this process with the server and may read its responses late. */
const server = useServer({ callerBufferBytes: 1024 ** 3 });

function submissions(ttlMs: number): Buffer {
  const request = { topic: "busy", data: Buffer.alloc(16), ttl: duration(ttlMs) };
  const one = { correlationId: "c", request };
  const all = SubmitRequest.fromPartial({ submissions: Array.from({ length: PER_MESSAGE }, () => one) });
  return Buffer.from(SubmitRequest.encode(all).finish());
}

describe("an overloaded server", () => {
  it("rejects requests that waited too long with OVERLOADED and RetryInfo, and responds to every request", async () => {
    const message = submissions(TTL_MS);
    const streams = Array.from({ length: CONNECTIONS }, () => connect(server.address).submit());
    let isRefused = false;
    const noted = () => {
      isRefused = true;
    };
    for (const stream of streams) stream.next("rejection").then(noted, () => undefined);
    let messages = 0;
    for (; messages < MAX_MESSAGES && !isRefused; messages++) {
      for (const stream of streams) stream.sendBytes(message);
      await nextTurn();
    }
    for (const stream of streams) stream.halfClose();
    for (const { ended } of streams) expect((await ended).code).toBe("OK");

    const accepted = streams.flatMap((stream) => stream.all("acceptance"));
    const rejected = streams.flatMap((stream) => stream.all("rejection"));
    expect(accepted.length + rejected.length).toBe(CONNECTIONS * messages * PER_MESSAGE);
    expect(accepted.length).toBeGreaterThan(0);
    expect(rejected.length).toBeGreaterThan(0);
    const [first] = rejected;
    expect(first?.status && readStatus(first.status)).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      reason: "OVERLOADED",
      metadata: {},
      retryDelayMs: 1_000,
    });
  });

  it("queues unary calls with the streams, and accepts requests again when the overload is over", async () => {
    const message = submissions(60_000);
    const streams = Array.from({ length: CONNECTIONS }, () => connect(server.address).submit());
    for (const stream of streams) for (let i = 0; i < MESSAGES; i++) stream.sendBytes(message);
    const client = connect(server.address);
    const unary = await Promise.allSettled([
      client.dispatch({ topic: "busy", ttl: duration(60_000) }),
      client.gather({ topic: "busy", ttl: duration(60_000) }).next("summary"),
    ]);
    expect(unary.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
    for (const stream of streams) stream.halfClose();
    for (const { ended } of streams) expect((await ended).code).toBe("OK");
    expect(streams.flatMap((stream) => stream.all("rejection"))).toEqual([]);
    await expect(client.dispatch({ topic: "busy", ttl: duration(TTL_MS) })).resolves.toBeDefined();
  });
});
