/**
 * Two peers at two addresses: what one of them takes is charged to its address, by calls of every kind.
 */
import {
  DispatchRequest,
  GatherRequest,
  NoProducersAction,
  SubmitRequest,
} from "ate-dispatcher-client/internal";
import { describe, expect, it } from "vitest";
import { startServer } from "../support/in-process.js";
import { callRaw, connectRaw, framed } from "../support/raw-call.js";
import { connect, duration } from "../support/wire-client.js";
import { readStatus } from "../support/wire-status.js";

const OTHER = "127.0.0.2";
const HOUR = duration(3_600_000);

const request = { topic: "t", ttl: HOUR, noProducersAction: NoProducersAction.WAIT };
const brief = { topic: "t", ttl: HOUR, noProducersAction: NoProducersAction.COMPLETE };

/** A call of each kind that opens something: its method, and a message that the server answers and then ends. */
const CALLS: readonly (readonly [method: string, message: Uint8Array])[] = [
  ["Dispatch", DispatchRequest.encode(DispatchRequest.fromPartial({ request: brief })).finish()],
  ["Gather", GatherRequest.encode(GatherRequest.fromPartial({ request: brief })).finish()],
  [
    "Submit",
    SubmitRequest.encode(
      SubmitRequest.fromPartial({ submissions: [{ correlationId: "c", request: brief }] }),
    ).finish(),
  ],
];

describe("a peer that has used up its share", () => {
  it("of pending requests leaves the rest to another address, for calls of every kind", async () => {
    const { address } = await startServer({ maxPendingRequests: 100 });
    const other = connectRaw(address, OTHER);
    const client = connect(address);
    const stream = client.submit();
    for (let i = 0; i < 50; i++) stream.submit({ correlationId: `${i}`, request });
    for (let i = 0; i < 50; i++) await stream.next("acceptance");
    stream.submit({ correlationId: "beyond", request });

    const { status } = await stream.next("rejection");
    const beyond = {
      code: "RESOURCE_EXHAUSTED",
      reason: "PENDING_LIMIT",
      metadata: { scope: "peer", limit: "50" },
    };
    expect(status && readStatus(status)).toMatchObject(beyond);
    await expect(client.dispatch(request)).rejects.toMatchObject({ refused: { reason: "PENDING_LIMIT" } });
    for (const [method, message] of CALLS) {
      expect(await callRaw(other, method, framed(message)), method).toMatchObject({ code: 0 });
    }
  });

  it("of sessions leaves the rest to another address", async () => {
    const { address } = await startServer({ maxSessions: 100 });
    const other = connectRaw(address, OTHER);
    const client = connect(address);
    for (let i = 0; i < 50; i++) await client.listener({ topics: ["t"] });

    for (const { ended } of [client.listen({}), client.submit(), client.gather(brief)]) {
      expect(await ended).toMatchObject({
        reason: "SESSION_LIMIT",
        metadata: { scope: "peer", limit: "50" },
      });
    }
    // Streams that are no sessions count as sessions.
    const watching = client.watch();
    expect(await watching.ended).toMatchObject({ reason: "SESSION_LIMIT", metadata: { scope: "peer" } });
    for (const [method, message] of CALLS) {
      expect(await callRaw(other, method, framed(message)), method).toMatchObject({ code: 0 });
    }
  });
});

describe("what a peer is", () => {
  const held = framed(DispatchRequest.encode(DispatchRequest.fromPartial({ request })).finish());
  /** Dispatches requests that stay pending, until one is refused. @returns how many were not, and the refusal. */
  async function fill(session: ReturnType<typeof connectRaw>, maxCount = 100) {
    for (let count = 0; count < maxCount; count++) {
      const { code, refused } = await callRaw(session, "Dispatch", held);
      if (code !== 0) return { count, refused };
    }
    return { count: maxCount, refused: undefined };
  }

  it("is a connection on loopback, so that local clients do not share a share", async () => {
    const { address } = await startServer({ maxPendingRequests: 100 });
    const { count, refused } = await fill(connectRaw(address, "127.0.0.1"));
    expect(count).toBe(50);
    expect(refused?.message).toContain("this connection holds 50 pending requests");
    expect((await fill(connectRaw(address, "127.0.0.1"))).count).toBe(25);
  });

  it("is an address elsewhere, however many connections it has", async () => {
    const { address } = await startServer({ maxPendingRequests: 100 });
    const { count, refused } = await fill(connectRaw(address, OTHER));
    expect(count).toBe(50);
    expect(refused?.message).toContain("this address holds 50 pending requests");
    expect((await fill(connectRaw(address, OTHER))).count).toBe(0);
    expect((await fill(connectRaw(address, "127.0.0.3"))).count).toBe(25);
  });

  it("has no share at a proxy that is trusted, and a share beside it", async () => {
    const { address } = await startServer({ maxPendingRequests: 100, trustedProxies: ["127.0.0.4/31"] });
    expect((await fill(connectRaw(address, "127.0.0.5"), 60)).count).toBe(60);
    expect((await fill(connectRaw(address, OTHER))).count).toBe(20);
    const { count, refused } = await fill(connectRaw(address, "127.0.0.5"));
    expect(count).toBe(20);
    expect(refused?.metadata).not.toHaveProperty("scope");
  });
});
