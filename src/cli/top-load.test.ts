import type { ProducerInfo, ServerInfo, TopicInfo } from "ate-dispatcher-client";
import { describe, expect, it } from "vitest";
import { loadBetween, type Sample } from "./top-load.js";

function server(uptimeMs: number, totals: Partial<ServerInfo["totals"]> = {}, serverId = "d-1"): ServerInfo {
  return {
    ...{ serverId, version: "1.2.3", runtimeVersion: "node", startTime: new Date(0), uptimeMs, limits: {} },
    draining: false,
    counts: {
      ...{ topics: 0, producers: 0, listeners: 0, pendingRequests: 0 },
      ...{ outstandingAssignments: 0, waitingAssignments: 0, retainedBytes: 0 },
    },
    totals: {
      ...{ acceptedRequests: 0, rejectedRequests: 0, assignments: 0, results: 0, lateResults: 0 },
      ...{ duplicateResults: 0, unknownResults: 0, cancelledResults: 0, deliveries: 0, droppedDeliveries: 0 },
      ...totals,
    },
  };
}

function topic(name: string, sequence: bigint, fields: Partial<TopicInfo> = {}): TopicInfo {
  const counts = { producerCount: 0, listenerCount: 0, pendingCount: 0, retainedCount: 0, retainedBytes: 0 };
  return { topic: name, sequence, epoch: "e", ...counts, ...fields };
}

function producer(producerId: string, fields: Partial<ProducerInfo> = {}): ProducerInfo {
  return {
    ...{
      producerId,
      principal: "",
      sessionId: producerId,
      displayName: "",
      labels: {},
      registrations: [],
      registrationCount: 0,
      peer: "",
    },
    ...{ maxOutstanding: 1, outstandingCount: 0, backlogCount: 0, draining: false },
    ...{ answeredCount: 0, failedCount: 0, missedCount: 0 },
    ...{ latencyP50Ms: undefined, latencyP95Ms: undefined, connectTime: new Date(0) },
    ...fields,
  };
}

function sample(fields: Partial<Sample>): Sample {
  return { server: server(0), topics: [], producers: [], ...fields };
}

describe("the load between two samples", () => {
  it("is measured per second of the server's clock", () => {
    const before = sample({ server: server(1_000, { acceptedRequests: 10, lateResults: 1 }) });
    const now = sample({
      server: server(3_000, {
        ...{ acceptedRequests: 30, rejectedRequests: 2, results: 40, deliveries: 80 },
        ...{ lateResults: 1, droppedDeliveries: 1 },
      }),
    });

    expect(loadBetween(before, now).rates).toEqual({
      ...{ requests: 10, rejected: 1, results: 20, deliveries: 40, late: 0, dropped: 0.5 },
    });
  });

  it("is unknown with one sample, two samples of the same instant, and after a restart", () => {
    const now = sample({ server: server(1_000), topics: [topic("a", 5n)], producers: [producer("p")] });
    const elsewhere = sample({ server: server(500, {}, "d-0") });

    for (const before of [undefined, now, elsewhere]) {
      const load = loadBetween(before, now);
      expect(load.rates).toBeUndefined();
      expect(load.topics[0]?.resultsPerSecond).toBeUndefined();
      expect(load.producers[0]?.answersPerSecond).toBeUndefined();
    }
  });

  it("lists the busiest first", () => {
    const before = sample({ topics: [topic("a", 5n), topic("b", 5n)], producers: [producer("p")] });
    const now = sample({
      server: server(1_000),
      topics: [topic("a", 6n), topic("b", 9n), topic("c", 0n, { pendingCount: 1 }), topic("d", 0n)],
      producers: [
        producer("n"),
        producer("o", { outstandingCount: 1, backlogCount: 1 }),
        producer("p", { answeredCount: 4, failedCount: 1 }),
      ],
    });
    const { topics, producers } = loadBetween(before, now);

    expect(topics.map((item) => [item.topic, item.resultsPerSecond])).toEqual([
      ["b", 4],
      ["a", 1],
      ["c", 0],
      ["d", 0],
    ]);
    expect(producers.map((item) => [item.producerId, item.answersPerSecond])).toEqual([
      ["o", 0],
      ["p", 5],
      ["n", 0],
    ]);
  });

  it("counts from 0 after a new epoch or session", () => {
    const before = sample({ topics: [topic("a", 500n)], producers: [producer("p", { answeredCount: 500 })] });
    const now = sample({
      server: server(1_000),
      topics: [topic("a", 2n, { epoch: "f" })],
      producers: [producer("p", { sessionId: "another", answeredCount: 3 })],
    });
    const { topics, producers } = loadBetween(before, now);

    expect([topics[0]?.resultsPerSecond, producers[0]?.answersPerSecond]).toEqual([2, 3]);
  });
});
