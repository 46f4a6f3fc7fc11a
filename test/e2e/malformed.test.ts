/**
 * Thousands of corrupt messages on every RPC, while well-behaved peers use the same server. Each call ends with a status
 * of the contract, never INTERNAL, and the well-behaved peers are not affected.
 */
import {
  CancelRequestRequest,
  DispatchRequest,
  ListenRequest,
  ListRequestsRequest,
  ProduceRequest,
  SubmitRequest,
  SubscribeRequest,
  UpdateListenerRequest,
} from "ate-dispatcher-client/internal";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HeldServer, hold } from "../support/held-clock.js";
import { bytesField, concat, numberField, tag, varint } from "../support/wire-bytes.js";
import { connect, type RequestInit, WireClient } from "../support/wire-client.js";
import { RefusedError } from "../support/wire-status.js";

/** The clock is held, so that no message is rejected for waiting too long on a busy machine. */
let server: HeldServer;
let release: () => Promise<void>;
beforeAll(async () => {
  ({ server, release } = await hold({ maxTtlMs: 60_000 }));
});
afterAll(() => release());

const SEED = 20_260_801;
/** Messages per RPC. */
const MESSAGES = 500;
/** Node closes a connection after about 1,000 resets, and this test resets every stream that stays open. */
const MESSAGES_PER_CONNECTION = 250;
const CONCURRENCY = 25;
/** A corrupt message may be malformed, valid, or rejected for another cause. */
const ALLOWED = ["OK", "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "ABORTED"];

const request: RequestInit = {
  topic: "damaged.topic",
  args: [1, "two", null],
  kwargs: { ttl: "x", nested: { deep: [true] } },
  data: Buffer.from("payload"),
  attributes: { a: "b" },
  ttl: { seconds: 1n, nanos: 5 },
  completion: { until: { $case: "quorumPercent", value: 50 }, stallTimeout: { seconds: 1n, nanos: 0 } },
  selector: { producerIds: ["p"], matchLabels: { zone: "a" }, maxTargets: 3 },
};

type Send = (client: WireClient, message: Uint8Array) => Promise<string>;

const VALID: readonly (readonly [string, Uint8Array, Send])[] = [
  ["Dispatch", DispatchRequest.encode(DispatchRequest.fromPartial({ request })).finish(), unary("Dispatch")],
  [
    "Gather",
    DispatchRequest.encode(DispatchRequest.fromPartial({ request })).finish(),
    (client, message) => statusOf(client.gatherBytes(message), "acceptance"),
  ],
  [
    "Submit",
    SubmitRequest.encode(
      SubmitRequest.fromPartial({
        submissions: [{ correlationId: "c", request, gather: true, context: { traceparent: "00-ab" } }],
        cancelRequestIds: ["r1"],
      }),
    ).finish(),
    (client, message) => {
      const stream = client.submit();
      stream.sendBytes(message);
      stream.halfClose();
      return statusOf(stream, "acceptance");
    },
  ],
  [
    "Produce",
    ProduceRequest.encode(
      ProduceRequest.fromPartial({
        messages: [
          {
            message: {
              $case: "hello",
              value: { displayName: "name", labels: { zone: "a" }, registrations: [{ topic: "a.*" }] },
            },
          },
          {
            message: {
              $case: "reply",
              value: { assignmentId: "1", result: { outcome: { $case: "value", value: 1 } } },
            },
          },
          { message: { $case: "register", value: { registrations: [{ topic: "b", group: "g" }] } } },
          { message: { $case: "updateCredit", value: { maxOutstanding: 3 } } },
          { message: { $case: "deregister", value: { topics: ["b"] } } },
        ],
      }),
    ).finish(),
    (client, message) => {
      const stream = client.produce();
      stream.sendBytes(message);
      stream.halfClose();
      return stream.ended.then(({ code }) => code);
    },
  ],
  [
    "Listen",
    ListenRequest.encode(
      ListenRequest.fromPartial({
        topics: ["a", "b.>"],
        resumeFrom: [{ topic: "a", epoch: "e", sequence: 3n }],
        bufferBytes: 20_000,
        group: "g",
      }),
    ).finish(),
    (client, message) => statusOf(client.listenBytes(message), "ready"),
  ],
  [
    "Subscribe",
    SubscribeRequest.encode(
      SubscribeRequest.fromPartial({ message: { $case: "listen", value: { topics: ["a", "b.>"] } } }),
    ).finish(),
    (client, message) => {
      const stream = client.subscribe();
      stream.sendBytes(message);
      return statusOf(stream, "ready");
    },
  ],
  [
    "UpdateListener",
    UpdateListenerRequest.encode({ listenerId: "none", addTopics: ["a", "b"], removeTopics: ["c"] }).finish(),
    unary("UpdateListener"),
  ],
  [
    "CancelRequest",
    CancelRequestRequest.encode(CancelRequestRequest.create({ requestId: "none" })).finish(),
    unary("CancelRequest"),
  ],
  [
    "ListRequests",
    ListRequestsRequest.encode({ pageSize: 5, pageToken: "", topic: "a.*", pendingOnly: true }).finish(),
    unary("/ate.dispatcher.v1.IntrospectionService/ListRequests"),
  ],
];

describe("corrupt messages", () => {
  it.each(VALID)(
    "end %s with a status of the contract and do not affect other peers",
    async (name, valid, send) => {
      const peers = await wellBehavedPeers(name);
      const codes = new Map<string, number>();
      const damaged = fc.sample(corruptionOf(valid), { numRuns: MESSAGES, seed: SEED });
      for (let begin = 0; begin < damaged.length; begin += MESSAGES_PER_CONNECTION) {
        const client = new WireClient(server.address);
        const messages = damaged.slice(begin, begin + MESSAGES_PER_CONNECTION);
        try {
          await forEachConcurrently(messages, async (message) => {
            const code = await send(client, message);
            codes.set(code, (codes.get(code) ?? 0) + 1);
            const shown = `${code} for ${Buffer.from(message).toString("hex")}`;
            expect(ALLOWED, shown).toContain(code);
            if (codes.get(code) === 1) await peers.ask();
          });
        } finally {
          client.close();
        }
      }
      await peers.ask();
      expect(peers.sequences()).toEqual(peers.sequences().map((_, i) => BigInt(i + 1)));
      // A run that yields only one kind of status proves nothing.
      expect(codes.get("INVALID_ARGUMENT") ?? 0).toBeGreaterThan(MESSAGES / 10);
      expect(codes.size).toBeGreaterThan(1);
    },
  );

  it("with groups nested thousands deep end the call, not the server", async () => {
    const client = connect(server.address);
    const deep = concat(Buffer.alloc(100_000, tag(15, 3)), Buffer.alloc(100_000, tag(15, 4)));
    for (const [, , send] of VALID) expect(ALLOWED).toContain(await send(client, deep));
    const peers = await wellBehavedPeers("groups");
    await peers.ask();
  });
});

/** A caller, a producer and a listener on a topic of their own. */
async function wellBehavedPeers(name: string) {
  const client = connect(server.address);
  const topic = `peers.${name}`;
  const producer = await client.producer(`peers-${name}`, [topic]);
  const listener = await client.listener({ topics: [topic] });
  return {
    async ask() {
      const gather = client.gather({ topic, args: ["are you there?"] });
      producer.answer(await producer.next("assignment"), "yes");
      const { requestId, answeredCount } = await gather.next("summary");
      expect(answeredCount).toBe(1);
      let delivered = await listener.next("delivery");
      while (delivered.requestId !== requestId) delivered = await listener.next("delivery");
    },
    sequences: () => listener.all("delivery").map(({ sequence }) => sequence),
  };
}

function unary(method: string): Send {
  return (client, message) =>
    client.unary(method, message).then(
      () => "OK",
      (error: unknown) => {
        if (error instanceof RefusedError) return error.refused.code;
        throw error;
      },
    );
}

/** Resolves with the final status of a stream, or with OK and a reset as soon as the stream is live. */
function statusOf<K extends string>(
  stream: {
    next(kind: K): Promise<unknown>;
    cancel(): void;
    readonly ended: Promise<{ readonly code: string }>;
  },
  live: K,
): Promise<string> {
  const ended = stream.ended.then(({ code }) => code);
  const opened = stream.next(live).then(
    () => {
      stream.cancel();
      return "OK";
    },
    () => ended,
  );
  return Promise.race([opened, ended]);
}

async function forEachConcurrently<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (const item of rest) await act(item);
    }),
  );
}

/** Messages with one to three kinds of corruption. */
function corruptionOf(valid: Uint8Array): fc.Arbitrary<Buffer> {
  const bytes = Buffer.from(valid);
  const at = fc.nat(bytes.length - 1);
  const junk: fc.Arbitrary<Uint8Array> = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 6 }),
    fc.constantFrom<Uint8Array[]>(
      varint(2n ** 63n),
      Buffer.alloc(10, 0xff),
      tag(3, 3),
      tag(3, 4),
      tag(2, 6),
      numberField(0, 1),
      bytesField(1_000, "unknown"),
      numberField(11, 99),
      Buffer.from([0xed, 0xa0, 0xbd]),
    ),
  );
  type Damage = (message: Buffer) => Buffer;
  const damage = fc.oneof<fc.Arbitrary<Damage>[]>(
    at.map((i) => (m: Buffer) => m.subarray(0, i)),
    fc.tuple(at, fc.nat(7)).map(([i, bit]) => (m: Buffer) => {
      const copy = Buffer.from(m);
      if (i < copy.length) copy[i] = (copy[i] ?? 0) ^ (1 << bit);
      return copy;
    }),
    fc.tuple(at, junk).map(
      ([i, inserted]) =>
        (m: Buffer) =>
          concat(m.subarray(0, i), inserted, m.subarray(i)),
    ),
    fc.tuple(at, at).map(
      ([i, j]) =>
        (m: Buffer) =>
          concat(m.subarray(0, Math.min(i, j)), m.subarray(Math.max(i, j))),
    ),
    fc.tuple(at, at).map(([i, j]) => (m: Buffer) => {
      const part = m.subarray(Math.min(i, j), Math.max(i, j));
      return concat(m, part);
    }),
    junk.map((appended) => (m: Buffer) => concat(m, appended)),
  );
  return fc
    .array(damage, { minLength: 1, maxLength: 3 })
    .map((damages) => damages.reduce<Buffer>((message, apply) => apply(message), bytes));
}
