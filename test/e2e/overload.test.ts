/**
 * More requests than the server can look at within their TTL, over real sockets: each is answered, those that waited too
 * long by OVERLOADED, and afterwards everything is as before.
 */
import { describe, expect, it } from "vitest";
import { SubmitRequest } from "../../src/gen/ate/dispatcher/v1/dispatcher_service.js";
import { useServer } from "../support/in-process.js";
import { connect, duration } from "../support/wire-client.js";
import { readStatus } from "../support/wire-status.js";

const CONNECTIONS = 8;
const PER_MESSAGE = 1_000;
const MESSAGES = 20;
const TTL_MS = 10;

const server = useServer();

function submissions(ttlMs: number): Buffer {
  const request = { topic: "busy", data: Buffer.alloc(16), ttl: duration(ttlMs) };
  const one = { correlationId: "c", request };
  const all = SubmitRequest.fromPartial({ submissions: Array.from({ length: PER_MESSAGE }, () => one) });
  return Buffer.from(SubmitRequest.encode(all).finish());
}

describe("a server that is asked for more than it can do", () => {
  it("refuses what waited too long with OVERLOADED and RetryInfo, and answers everything", async () => {
    const message = submissions(TTL_MS);
    const streams = Array.from({ length: CONNECTIONS }, () => connect(server.address).submit());
    for (const stream of streams) for (let i = 0; i < MESSAGES; i++) stream.sendBytes(message);
    for (const stream of streams) stream.halfClose();
    for (const { ended } of streams) expect((await ended).code).toBe("OK");

    const accepted = streams.flatMap((stream) => stream.all("acceptance"));
    const rejected = streams.flatMap((stream) => stream.all("rejection"));
    expect(accepted.length + rejected.length).toBe(CONNECTIONS * MESSAGES * PER_MESSAGE);
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

  it("keeps the unary calls in the same line, and takes requests again when it is no longer busy", async () => {
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
