import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { createClient, type DispatcherClient, DispatcherError } from "../src/index.js";
import { connectListener } from "./connected-listener.js";
import { connectProducer } from "./connected-producer.js";
import { usePeers } from "./peers.js";

const peers = usePeers();
const handler = () => 1;
const topics = ["topic1"];

/** Calls `use`, which throws or rejects. @returns the error. */
async function refused(use: () => unknown): Promise<DispatcherError> {
  try {
    await use();
  } catch (error) {
    expect(error).toBeInstanceOf(DispatcherError);
    return error as DispatcherError;
  }
  throw new Error("nothing was refused");
}

type Use = (client: DispatcherClient, options: never) => unknown;
const USES: Readonly<Record<string, Use>> = {
  createClient: (_, options) => createClient(options),
  createProducer: (client, options: object) => client.createProducer({ topics, handler, ...options }),
  createListener: (client, options: object) => client.createListener({ topics, ...options }),
  dispatch: (client, options) => client.dispatch("topic1", options),
  validate: (client, options) => client.validate("topic1", options),
  gather: (client, options) => client.gather("topic1", options).summary,
  updateListener: (client, options) => client.updateListener("l-1", options),
  close: (client, options) => client.close(options),
  serverInfo: (client, options) => client.introspect.serverInfo(options),
  topics: (client, options) => client.introspect.topics(options)[Symbol.asyncIterator]().next(),
  requests: (client, options) => client.introspect.requests(options)[Symbol.asyncIterator]().next(),
  request: (client, options) => client.introspect.request("r1", options),
  watch: (client, options) => client.introspect.watch(options)[Symbol.asyncIterator]().next(),
};

describe("an unknown option", () => {
  it.each<[use: string, options: object, key: string, value: string, nearest: string]>([
    ["createClient", { adress: "127.0.0.1:1" }, "adress", '"127.0.0.1:1"', "address"],
    ["createClient", { reconnect: { maxDelay: 5 } }, "reconnect.maxDelay", "5", "maxDelayMs"],
    ["createProducer", { concurency: 1 }, "concurency", "1", "concurrency"],
    ["createProducer", { topics: [{ topic: "a", Group: "g" }] }, "topics[0].Group", '"g"', "group"],
    ["createListener", { onresult: handler }, "onresult", "a function", "onResult"],
    ["dispatch", { ttl: "4s" }, "ttl", '"4s"', "ttlMs"],
    ["validate", { kwarg: {} }, "kwarg", "{}", "kwargs"],
    ["gather", { completion: { quorum: 5 } }, "completion.quorum", "5", "quorumPercent"],
    ["gather", { selector: { labels: {} } }, "selector.labels", "{}", "matchLabels"],
    ["updateListener", { added: [] }, "added", "[]", "add"],
    ["close", { grace: 5 }, "grace", "5", "graceMs"],
    ["serverInfo", { signals: 1 }, "signals", "1", "signal"],
    ["topics", { size: 1 }, "size", "1", "pageSize"],
    ["requests", { pending: true }, "pending", "true", "pendingOnly"],
    ["watch", { topics: ["a"] }, "topics", '["a"]', "topic"],
  ])("of %s is refused with the nearest one: %j", async (use, options, key, value, nearest) => {
    const error = await refused(() => USES[use]?.(peers.client, options as never));

    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, fieldViolations: [{ field: key }] });
    expect(error.details).toContain(`${key} (${value})`);
    expect(error.details).toContain(`did you mean ${nearest}?`);
  });
});

describe("an impossible value", () => {
  it.each<[use: string, options: unknown, field: string]>([
    ["createClient", null, "options"],
    ["createClient", "127.0.0.1:1", "options"],
    ["createClient", { address: "" }, "address"],
    ["createClient", { address: "http://127.0.0.1:50051" }, "address"],
    ["createClient", { address: "grpc://127.0.0.1:50051" }, "address"],
    ["createClient", { address: 50051 }, "address"],
    ["createClient", { address: "not an address" }, "address"],
    ["createClient", { credentials: "none" }, "credentials"],
    ["createClient", { metadata: { k: 1 } }, "metadata.k"],
    ["createClient", { channelOptions: 1 }, "channelOptions"],
    ["createClient", { reconnect: { initialDelayMs: 0 } }, "reconnect.initialDelayMs"],
    ["createClient", { reconnect: { multiplier: 0.5 } }, "reconnect.multiplier"],
    ["createClient", { reconnect: { jitter: 20 } }, "reconnect.jitter"],
    ["createClient", { reconnect: { maxDelayMs: Number.NaN } }, "reconnect.maxDelayMs"],
    ["createProducer", { topics: "topic1" }, "topics"],
    ["createProducer", { topics: [1] }, "topics[0]"],
    ["createProducer", { topics: ["x".repeat(256)] }, "topics[0]"],
    ["createProducer", { topics: [{ group: "g" }] }, "topics[0]"],
    ["createProducer", { handler: "echo" }, "handler"],
    ["createProducer", { handler: undefined }, "handler"],
    ["createProducer", { concurrency: 0 }, "concurrency"],
    ["createProducer", { concurrency: "4" }, "concurrency"],
    ["createProducer", { maxBacklog: -1 }, "maxBacklog"],
    ["createProducer", { id: "x".repeat(129) }, "id"],
    ["createProducer", { displayName: "ü".repeat(129) }, "displayName"],
    ["createProducer", { labels: ["a"] }, "labels"],
    ["createProducer", { labels: { a: 1 } }, "labels.a"],
    ["createProducer", { labels: { a: "x".repeat(129) } }, "labels.a"],
    ["createProducer", { onStatus: true }, "onStatus"],
    ["createListener", { topics: undefined }, "topics"],
    ["createListener", { topics: "topic1" }, "topics"],
    ["createListener", { topics: [1] }, "topics[0]"],
    ["createListener", { overflowAction: "drop" }, "overflowAction"],
    ["createListener", { bufferBytes: 1.5 }, "bufferBytes"],
    ["createListener", { includeLate: "yes" }, "includeLate"],
    ["dispatch", { ttlMs: "4s" }, "ttlMs"],
    ["dispatch", { ttlMs: Number.NaN }, "ttlMs"],
    ["dispatch", { ttlMs: 5n }, "ttlMs"],
    ["dispatch", { args: "a" }, "args"],
    ["dispatch", { kwargs: ["a"] }, "kwargs"],
    ["dispatch", { data: "a" }, "data"],
    ["dispatch", { attributes: { k: {} } }, "attributes.k"],
    ["dispatch", { requestId: 17 }, "requestId"],
    ["dispatch", { signal: {} }, "signal"],
    ["dispatch", { context: { traceparent: 1 } }, "context.traceparent"],
    ["dispatch", null, "options"],
    ["gather", { signal: "abort" }, "signal"],
    ["gather", { noProducersAction: "wait" }, "noProducersAction"],
    ["gather", { completion: { resultCount: -1 } }, "completion.resultCount"],
    ["gather", { completion: { loserAction: "KILL" } }, "completion.loserAction"],
    ["gather", { selector: { producerIds: "p" } }, "selector.producerIds"],
    ["gather", { excludeListeners: 1 }, "excludeListeners"],
    ["updateListener", { add: "topic1" }, "add"],
    ["close", { graceMs: "30s" }, "graceMs"],
    ["close", { graceMs: -1 }, "graceMs"],
    ["topics", { pageSize: 0 }, "pageSize"],
    ["watch", { topic: 1 }, "topic"],
    ["watch", { signal: 1 }, "signal"],
  ])("of %s is refused by name (%#)", async (use, options, field) => {
    const error = await refused(() => USES[use]?.(peers.client, options as never));

    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, fieldViolations: [{ field }] });
    expect(error.details).toMatch(/; use |is missing/);
  });

  it("is refused by methods with other parameters, too", async () => {
    const { producer } = await connectProducer(peers);
    const { listener } = await connectListener(peers);
    const { client } = peers;

    for (const [field, use] of [
      ["topic", () => client.dispatch(1 as never)],
      ["topic", () => client.gather(undefined as never).acceptance],
      ["requestId", () => client.cancelRequest(1 as never)],
      ["requestId", () => client.introspect.request(1 as never)],
      ["listenerId", () => client.updateListener(undefined as never, {})],
      ["timeoutMs", () => client.waitForReady("5s" as never)],
      ["timeoutMs", () => client.waitForReady(Number.NaN)],
      ["topic", () => producer.register(1 as never)],
      ["topic", () => producer.register("x".repeat(256))],
      ["group", () => producer.register("topic2", { group: 1 as never })],
      ["groups", () => producer.register("topic2", { groups: "g" } as never)],
      ["topic", () => producer.deregister({} as never)],
      ["concurrency", () => producer.setConcurrency("4" as never)],
      ["graceMs", () => producer.close({ graceMs: "1s" as never })],
      ["topic", () => listener.add(1 as never)],
      ["topic", () => listener.remove(["topic1"] as never)],
    ] as const) {
      expect(await refused(use), field).toMatchObject({
        code: status.INVALID_ARGUMENT,
        fieldViolations: [{ field }],
      });
    }
  });

  it("leaves a gather that does not throw", () => {
    expect(() => peers.client.gather("topic1", { ttl: 1 } as never)).not.toThrow();
  });
});
