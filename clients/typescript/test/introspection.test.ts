import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import {
  ListenerInfo,
  ProducerInfo,
  RequestInfo,
  ServerCounts,
  ServerInfo,
  ServerTotals,
  TopicInfo,
} from "../src/gen/ate/dispatcher/v1/introspection.js";
import { OutcomeState, Summary, SummaryReason } from "../src/gen/ate/dispatcher/v1/summary.js";
import { type ListFields, useIntrospection } from "./fake-introspection.js";

const peers = useIntrospection();
const AT = { seconds: 1_700_000_000n, nanos: 5e6 };
const AT_DATE = new Date(1_700_000_000_005);
const HALF_A_SECOND = { seconds: 0n, nanos: 5e8 };

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const taken: T[] = [];
  for await (const item of items) taken.push(item);
  return taken;
}

describe("introspection", () => {
  it("describes the server in plain numbers and dates", async () => {
    peers.fake.onServerInfo = () => ({
      server: {
        ...ServerInfo.create(),
        ...{ serverId: "d-1", version: "1.2.3", runtimeVersion: "node 22", draining: true },
        ...{ startTime: AT, uptime: HALF_A_SECOND, limits: { maxTopics: 7n } },
        counts: { ...ServerCounts.create(), topics: 2, retainedBytes: 3n },
        totals: { ...ServerTotals.create(), results: 4n, droppedDeliveries: 5n },
      },
    });

    expect(await peers.client.introspect.serverInfo()).toMatchObject({
      ...{ serverId: "d-1", version: "1.2.3", runtimeVersion: "node 22", draining: true },
      ...{ startTime: AT_DATE, uptimeMs: 500, limits: { maxTopics: 7 } },
      counts: { topics: 2, producers: 0, retainedBytes: 3 },
      totals: { results: 4, droppedDeliveries: 5, acceptedRequests: 0 },
    });
  });

  it("lists page after page", async () => {
    const asked: ListFields[] = [];
    peers.fake.onTopics = (request) => {
      asked.push(request);
      const isFirst = request.pageToken === "";
      const topic = { ...TopicInfo.create(), topic: isFirst ? "a" : "b", sequence: 9n, retainedBytes: 8n };
      return { topics: [topic], nextPageToken: isFirst ? "next" : "" };
    };

    const topics = await all(peers.client.introspect.topics({ topic: "a.>", pageSize: 1 }));

    expect(topics.map(({ topic }) => topic)).toEqual(["a", "b"]);
    expect(topics[0]).toMatchObject({ sequence: 9n, retainedBytes: 8, retainedCount: 0 });
    expect(asked).toEqual([
      { topic: "a.>", pageSize: 1, pageToken: "" },
      { topic: "a.>", pageSize: 1, pageToken: "next" },
    ]);
  });

  it("stops fetching when the loop is left, and starts with the first page in the next loop", async () => {
    let pages = 0;
    peers.fake.onTopics = () => {
      pages++;
      return { topics: [TopicInfo.create()], nextPageToken: "next" };
    };
    const topics = peers.client.introspect.topics();

    for await (const _ of topics) break;
    for await (const _ of topics) break;

    expect(pages).toBe(2);
  });

  it("continues after an empty page", async () => {
    peers.fake.onListeners = ({ pageToken }) =>
      pageToken === ""
        ? { listeners: [], nextPageToken: "next" }
        : { listeners: [ListenerInfo.create()], nextPageToken: "" };

    expect(await all(peers.client.introspect.listeners())).toHaveLength(1);
  });

  it("describes producers", async () => {
    const registrations = [{ topic: "a.*", group: "g" }];
    const producer = {
      ...ProducerInfo.create(),
      ...{ producerId: "p", labels: { site: "north" }, registrations, answeredCount: 2n },
      ...{ latencyP50: HALF_A_SECOND, connectTime: AT },
    };
    peers.fake.onProducers = () => ({ producers: [producer], nextPageToken: "" });

    expect(await all(peers.client.introspect.producers())).toEqual([
      {
        ...{
          producerId: "p",
          principal: "",
          sessionId: "",
          displayName: "",
          labels: { site: "north" },
          registrations,
        },
        registrationCount: 1,
        ...{ maxOutstanding: 0, outstandingCount: 0, backlogCount: 0, draining: false },
        ...{ answeredCount: 2, failedCount: 0, missedCount: 0 },
        ...{ latencyP50Ms: 500, latencyP95Ms: undefined, connectTime: AT_DATE, peer: "" },
      },
    ]);
  });

  it("describes listeners", async () => {
    const listener = {
      ...ListenerInfo.create(),
      listenerId: "l",
      topics: ["a"],
      topicCount: 2_000,
      queuedBytes: 1n,
    };
    peers.fake.onListeners = () => ({
      listeners: [{ ...listener, bufferBytes: 2n, deliveredCount: 3n, droppedCount: 4n, connectTime: AT }],
      nextPageToken: "",
    });

    expect(await all(peers.client.introspect.listeners())).toEqual([
      {
        ...{
          listenerId: "l",
          principal: "",
          sessionId: "",
          topics: ["a"],
          topicCount: 2_000,
          group: "",
          connectTime: AT_DATE,
          peer: "",
        },
        ...{ queuedBytes: 1, bufferBytes: 2, deliveredCount: 3, droppedCount: 4 },
      },
    ]);
  });

  it("describes pending requests without a reason, and ended ones with a reason", async () => {
    const summary = { ...Summary.create(), reason: SummaryReason.EXPIRED, elapsed: HALF_A_SECOND };
    const info = { ...RequestInfo.create(), requestId: "r", acceptTime: AT, ttl: HALF_A_SECOND, summary };
    const asked: boolean[] = [];
    peers.fake.onRequests = ({ pendingOnly }) => {
      asked.push(pendingOnly);
      return { requests: [{ ...info, pending: true }, info], nextPageToken: "" };
    };

    const requests = await all(peers.client.introspect.requests({ pendingOnly: true }));

    expect(asked).toEqual([true]);
    expect(requests).toMatchObject([
      { requestId: "r", pending: true, acceptTime: AT_DATE, ttlMs: 500, summary: { reason: undefined } },
      { requestId: "r", pending: false, summary: { reason: "EXPIRED", elapsedMs: 500 } },
    ]);
    expect(requests[0]).not.toHaveProperty("timeline");
  });

  it("describes one request with its timeline, including steps of unknown kinds", async () => {
    const outcome = {
      producerId: "p",
      principal: "q",
      group: "",
      latency: undefined,
      resultCount: 0,
      error: undefined,
    };
    const summary = { ...Summary.create(), outcomes: [{ ...outcome, state: OutcomeState.LATE }] };
    const step = { at: HALF_A_SECOND, producerId: "p", principal: "q", attempt: 1 };
    peers.fake.onRequest = ({ requestId }) => ({
      request: {
        ...RequestInfo.create(),
        ...{ requestId, summary },
        timeline: [
          { ...step, kind: 2 },
          { ...step, kind: 99 as 2 },
        ],
      },
    });

    expect(await peers.client.introspect.request("r")).toMatchObject({
      requestId: "r",
      summary: { outcomes: [{ state: "LATE" }] },
      timeline: [
        { kind: "ASSIGNED", atMs: 500, producerId: "p", attempt: 1 },
        { kind: "99", atMs: 500, producerId: "p", attempt: 1 },
      ],
    });
  });

  it("fails like any call", async () => {
    const { introspect } = peers.client;
    const signal = AbortSignal.abort();

    await expect(introspect.request("r")).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    await expect(all(introspect.topics())).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    await expect(all(introspect.topics({ signal }))).rejects.toMatchObject({ code: status.CANCELLED });
    await expect(introspect.serverInfo({ signal })).rejects.toMatchObject({ code: status.CANCELLED });
    for (const pageSize of [0, 1.5, 1_001]) {
      await expect(all(introspect.topics({ pageSize }))).rejects.toMatchObject({
        ...{ name: "DispatcherError", code: status.INVALID_ARGUMENT },
        fieldViolations: [{ field: "pageSize" }],
      });
    }
  });
});
