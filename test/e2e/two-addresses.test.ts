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
