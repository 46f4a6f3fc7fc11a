/**
 * A stand-in for a dispatcher whose every text is hostile: ids, names, labels, topics, groups, error texts, results,
 * versions. It speaks the whole protocol, so that every command and every client can be shown what it says.
 */
import { Metadata, Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import {
  DispatcherServiceService,
  IntrospectionServiceService,
  ListenerInfo,
  ProducerInfo,
  RequestInfo,
  ServerInfo,
  Summary,
  TopicInfo,
} from "ate-dispatcher-client/internal";
import { duration } from "./wire-client.js";

/** The characters that a terminal, or a reader of lines, obeys: controls, C1, line separators, and directions of text. */
export const HOSTILE_CHARACTERS: readonly string[] = [
  ...range(0x00, 0x1f),
  ...range(0x7f, 0x9f),
  ...[0x061c, 0x200e, 0x200f],
  ...range(0x2028, 0x202e),
  ...range(0x2066, 0x2069),
].map((code) => String.fromCharCode(code));

/** A text with each of them, and two sequences that terminals obey: a title, and a cleared screen. */
export const HOSTILE = `<\u001b]0;owned\u0007\u009b2J${HOSTILE_CHARACTERS.join(".")}>`;

/** A running stand-in. */
export interface HostileDispatcher {
  readonly address: string;
  close(): void;
}

/** @param refuses - every call fails, with a hostile status. */
export async function startHostileDispatcher({ refuses = false } = {}): Promise<HostileDispatcher> {
  const server = new Server();
  const methods = refuses ? refusing() : answering();
  server.addService(DispatcherServiceService, methods);
  server.addService(IntrospectionServiceService, methods);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

// The calls and messages of all methods, without their types: the stand-in fills every text of a message by its value.
// biome-ignore lint/suspicious/noExplicitAny: see above.
type Any = any;

const TIME = { accept: { seconds: 1_700_000_000n, nanos: 0 }, ttlMs: 5_000 };
const TARGET = { producerId: HOSTILE, group: HOSTILE };
const STATUS = { code: 9, message: HOSTILE, details: [] };
const SERVER = {
  ...ServerInfo.fromPartial({ counts: {}, totals: {} }),
  ...{ serverId: "s", version: HOSTILE, runtimeVersion: HOSTILE, limits: { [HOSTILE]: 1n } },
};
const OUTCOMES = [
  { ...TARGET, state: 2, latency: duration(1), resultCount: 1, error: STATUS },
  { ...TARGET, state: 1, latency: duration(1), resultCount: 1, error: undefined },
];
const SUMMARY = {
  ...Summary.fromPartial({ reason: 1, satisfied: true, targetedCount: 2, elapsed: duration(1) }),
  ...{ requestId: HOSTILE, topic: HOSTILE, outcomes: OUTCOMES },
};
const ACCEPTANCE = {
  ...{ requestId: HOSTILE, correlationId: "", targets: [TARGET], listenerCount: 0 },
  ...{ ttl: duration(TIME.ttlMs), expireTime: TIME.accept },
};
const TIMELINE = [2, 5, 11].map((kind) => ({ at: duration(kind), kind, producerId: HOSTILE, attempt: 1 }));
const REQUEST = {
  ...RequestInfo.fromPartial({ ttl: duration(TIME.ttlMs), acceptTime: TIME.accept }),
  ...{ requestId: HOSTILE, topic: HOSTILE, summary: SUMMARY, timeline: TIMELINE },
};
const TOPIC = TopicInfo.fromPartial({ topic: HOSTILE, epoch: HOSTILE, sequence: 1n });
const PRODUCER = {
  ...ProducerInfo.fromPartial({ connectTime: TIME.accept, registrationCount: 1 }),
  ...{ producerId: HOSTILE, sessionId: HOSTILE, displayName: HOSTILE, peer: HOSTILE },
  ...{ labels: { [HOSTILE]: HOSTILE }, registrations: [{ topic: HOSTILE, group: HOSTILE }] },
};
const LISTENER = {
  ...ListenerInfo.fromPartial({ connectTime: TIME.accept, topicCount: 1 }),
  ...{ listenerId: HOSTILE, sessionId: HOSTILE, topics: [HOSTILE], group: HOSTILE, peer: HOSTILE },
};
const RESULTS = [
  { outcome: { $case: "value", value: { [HOSTILE]: [HOSTILE] } } },
  { outcome: { $case: "data", value: Buffer.from(HOSTILE) } },
  { outcome: { $case: "error", value: STATUS } },
].map((result) => ({ ...result, contentType: HOSTILE, attributes: { [HOSTILE]: HOSTILE } }));

/** The number of results that a gather, or one session of a listener, gets. */
export const RESULT_COUNT = RESULTS.length;

const DELIVERIES = RESULTS.map((result, index) => ({
  $case: "delivery",
  value: {
    ...{ requestId: HOSTILE, topic: HOSTILE, ...TARGET, ordinal: index + 1, more: false },
    ...{ sequence: BigInt(index + 1), latency: duration(1), receiveTime: TIME.accept, late: false },
    ...{ context: { [HOSTILE]: HOSTILE }, result },
  },
}));

function answering(): UntypedServiceImplementation {
  const page = (field: string, item: object) => (_: Any, done: Any) =>
    done(null, { [field]: [item], nextPageToken: "" });
  let subscriptions = 0;
  return {
    getServerInfo: (_: Any, done: Any) => done(null, { server: SERVER }),
    listTopics: page("topics", TOPIC),
    listProducers: page("producers", PRODUCER),
    listListeners: page("listeners", LISTENER),
    listRequests: page("requests", REQUEST),
    getRequest: (_: Any, done: Any) => done(null, { request: REQUEST }),
    cancelRequest: (_: Any, done: Any) => done(null, { summary: SUMMARY }),
    dispatch: (_: Any, done: Any) => done(null, { acceptance: ACCEPTANCE }),
    // Two states of the server, a second apart by its own clock, so that there are rates.
    watch: (call: Any) => {
      for (const uptimeMs of [1_000, 2_000]) {
        const server = { ...SERVER, uptime: duration(uptimeMs) };
        call.write({ events: [{ event: { $case: "server", value: server }, topic: "" }] });
      }
    },
    submit: (call: Any) => {
      const say = (...events: readonly object[]) =>
        call.write({ events: events.map((event) => ({ event })) });
      call.on("data", ({ submissions }: Any) => {
        for (const { correlationId } of submissions) {
          say({ $case: "acceptance", value: { ...ACCEPTANCE, correlationId } });
          say(...DELIVERIES, { $case: "summary", value: SUMMARY });
        }
      });
      call.on("end", () => call.end());
    },
    subscribe: (call: Any) => {
      const say = (...events: readonly object[]) =>
        call.write({ events: events.map((event) => ({ event })) });
      call.once("data", () => {
        say({
          $case: "ready",
          value: {
            ...{ listenerId: HOSTILE, sessionId: HOSTILE, serverId: HOSTILE },
            ...{ heartbeatInterval: duration(20_000), cursors: [], maxMessageBytes: 0 },
          },
        });
        const lost = { topic: HOSTILE, reason: 1, from: 1n, to: 2n, lostCount: 2n };
        say({ $case: "gap", value: lost }, ...DELIVERIES, { $case: "summary", value: SUMMARY });
        // Every other session fails, so that a listener says why it reconnects.
        if (subscriptions++ % 2 === 0) call.emit("error", { code: 14, details: HOSTILE });
      });
      call.on("end", () => call.end());
    },
    produce: (call: Any) => {
      const say = (message: object) => call.write({ messages: [{ message }] });
      call.on("data", ({ messages }: Any) => {
        for (const { message } of messages) {
          if (message?.$case === "hello") {
            say({
              $case: "welcome",
              value: {
                ...{ producerId: HOSTILE, sessionId: HOSTILE, serverId: HOSTILE },
                ...{ heartbeatInterval: duration(20_000), maxOutstanding: 1, maxBacklog: 1 },
                ...{ maxMessageBytes: 0 },
              },
            });
            say({ $case: "fault", value: { correlationId: "", status: STATUS } });
            say({
              $case: "assignment",
              value: {
                ...{ assignmentId: HOSTILE, requestId: HOSTILE, ttl: duration(TIME.ttlMs) },
                ...{ expireTime: TIME.accept, attempt: 1, context: { [HOSTILE]: HOSTILE } },
                request: {
                  ...{
                    topic: HOSTILE,
                    args: [HOSTILE],
                    kwargs: { [HOSTILE]: HOSTILE },
                    data: Buffer.alloc(0),
                  },
                  ...{ contentType: "", attributes: { [HOSTILE]: HOSTILE }, ttl: undefined, requestId: "" },
                  ...{ completion: undefined, selector: undefined, noProducersAction: 0 },
                },
              },
            });
          } else if (message?.$case === "reply") {
            say({ $case: "disposition", value: { assignmentId: HOSTILE, state: 1 } });
          } else if (message?.$case === "drain") say({ $case: "drained", value: {} });
        }
      });
      call.on("end", () => call.end());
    },
  };
}

function refusing(): UntypedServiceImplementation {
  const status = () => ({ code: 9, details: HOSTILE, metadata: new Metadata() });
  const unary = (_: Any, done: Any) => done(status());
  const stream = (call: Any) => call.emit("error", status());
  const names = [
    "getServerInfo",
    "listTopics",
    "listProducers",
    "listListeners",
    "listRequests",
    "getRequest",
  ];
  return {
    ...Object.fromEntries([...names, "cancelRequest", "dispatch"].map((name) => [name, unary])),
    ...Object.fromEntries(["watch", "submit", "subscribe", "produce"].map((name) => [name, stream])),
  };
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
