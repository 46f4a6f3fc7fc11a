/**
 * Thousands of damaged messages on every RPC of a server that honest peers use at the same time: each call ends with a
 * status that the contract has for it, never INTERNAL, and the honest peers notice nothing.
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

/** Its clock is held, so that no message waits too long on a busy machine and is refused for that. */
let server: HeldServer;
let release: () => Promise<void>;
beforeAll(async () => {
  ({ server, release } = await hold({ maxTtlMs: 60_000 }));
});
afterAll(() => release());

const SEED = 20_260_801;
/** Messages per RPC. */
const MESSAGES = 500;
/** Node cuts a connection past some 1,000 resets, and a test that gives up on a stream resets it. */
const MESSAGES_PER_CONNECTION = 250;
const AT_ONCE = 25;
/** What damage may turn a good message into: a bad one, a good one, or one that is refused for another cause. */
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
    (client, message) => settled(client.gatherBytes(message), "acceptance"),
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
      return settled(stream, "acceptance");
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
    (client, message) => settled(client.listenBytes(message), "ready"),
  ],
  [
    "Subscribe",
    SubscribeRequest.encode(
      SubscribeRequest.fromPartial({ message: { $case: "listen", value: { topics: ["a", "b.>"] } } }),
    ).finish(),
    (client, message) => {
      const stream = client.subscribe();
      stream.sendBytes(message);
      return settled(stream, "ready");
    },
  ],
  [
    "UpdateListener",
    UpdateListenerRequest.encode({ listenerId: "none", addTopics: ["a", "b"], removeTopics: ["c"] }).finish(),
    unary("UpdateListener"),
  ],
  ["CancelRequest", CancelRequestRequest.encode({ requestId: "none" }).finish(), unary("CancelRequest")],
  [
    "ListRequests",
    ListRequestsRequest.encode({ pageSize: 5, pageToken: "", topic: "a.*", pendingOnly: true }).finish(),
    unary("/ate.dispatcher.v1.IntrospectionService/ListRequests"),
  ],
];

describe("damaged messages", () => {
  it.each(VALID)(
    "end %s with a status of the contract, and honest peers notice nothing",
    async (name, valid, send) => {
      const honest = await honestPeers(name);
      const codes = new Map<string, number>();
      const damaged = fc.sample(damageOf(valid), { numRuns: MESSAGES, seed: SEED });
      for (let begin = 0; begin < damaged.length; begin += MESSAGES_PER_CONNECTION) {
        const client = new WireClient(server.address);
        const messages = damaged.slice(begin, begin + MESSAGES_PER_CONNECTION);
        try {
          await inTurns(messages, async (message) => {
            const code = await send(client, message);
            codes.set(code, (codes.get(code) ?? 0) + 1);
            const shown = `${code} for ${Buffer.from(message).toString("hex")}`;
            expect(ALLOWED, shown).toContain(code);
            if (codes.get(code) === 1) await honest.ask();
          });
        } finally {
          client.close();
        }
      }
      await honest.ask();
      expect(honest.sequences()).toEqual(honest.sequences().map((_, i) => BigInt(i + 1)));
      // A run that damages nothing, or everything in the same way, shows nothing.
      expect(codes.get("INVALID_ARGUMENT") ?? 0).toBeGreaterThan(MESSAGES / 10);
      expect(codes.size).toBeGreaterThan(1);
    },
  );

  it("of groups nested thousands deep end a call, not the server", async () => {
    const client = connect(server.address);
    const deep = concat(Buffer.alloc(100_000, tag(15, 3)), Buffer.alloc(100_000, tag(15, 4)));
    for (const [, , send] of VALID) expect(ALLOWED).toContain(await send(client, deep));
    const honest = await honestPeers("groups");
    await honest.ask();
  });
});

/** A requester, a producer and a listener on a topic of their own. */
async function honestPeers(name: string) {
  const client = connect(server.address);
  const topic = `honest.${name}`;
  const producer = await client.producer(`honest-${name}`, [topic]);
  const listener = await client.listener({ topics: [topic] });
  return {
    async ask() {
      const gather = client.gather({ topic, args: ["are you there?"] });
      producer.answer(await producer.next("assignment"), "yes");
      const { requestId, answeredCount } = await gather.next("summary");
      expect(answeredCount).toBe(1);
      let heard = await listener.next("delivery");
      while (heard.requestId !== requestId) heard = await listener.next("delivery");
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

/** The status of a stream's end, or OK as soon as it is live, which is then given up. */
function settled<K extends string>(
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

async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of rest) await act(item);
    }),
  );
}

/** Messages with one to three kinds of damage. */
function damageOf(valid: Uint8Array): fc.Arbitrary<Buffer> {
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
