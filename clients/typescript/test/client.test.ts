import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { Summary, SummaryReason } from "../src/gen/ate/dispatcher/v1/summary.js";
import { createClient, DispatcherError } from "../src/index.js";
import { acceptance, ready, SentMessages, toListener, toProducer, toRequester, welcome } from "./messages.js";
import { usePeers } from "./peers.js";

const peers = usePeers();

describe("a client", () => {
  it("resolves waitForReady when it is connected", async () => {
    await peers.client.waitForReady(5_000);
  });

  it("rejects waitForReady when it cannot connect in time", async () => {
    peers.fake.stop();

    await expect(peers.client.waitForReady(1)).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  it("rejects metadata that cannot be sent", () => {
    expect(() => createClient({ metadata: { "bad key": "x" } })).toThrow(DispatcherError);
  });

  it("cancels a request and returns its summary", async () => {
    peers.fake.onCancelRequest = ({ requestId }) => ({
      summary: {
        ...Summary.create(),
        requestId,
        reason: SummaryReason.CANCELLED,
        elapsed: { seconds: 1n, nanos: 0 },
        outcomes: [
          {
            producerId: "p",
            principal: "",
            group: "",
            state: 6,
            latency: undefined,
            resultCount: 0,
            error: undefined,
          },
        ],
      },
    });

    expect(await peers.client.cancelRequest("r1")).toEqual({
      requestId: "r1",
      requester: "",
      topic: "",
      reason: "CANCELLED",
      satisfied: false,
      targetedCount: 0,
      answeredCount: 0,
      failedCount: 0,
      missingCount: 0,
      elapsedMs: 1000,
      outcomes: [
        {
          producerId: "p",
          principal: "",
          group: "",
          state: "CANCELLED",
          latencyMs: undefined,
          resultCount: 0,
          error: undefined,
        },
      ],
    });
  });

  it("changes the topics of any listener", async () => {
    peers.fake.onUpdateListener = ({ listenerId, addTopics, removeTopics }) => ({
      topics: [listenerId, ...addTopics, ...removeTopics],
    });

    expect(await peers.client.updateListener("desk", { add: ["a"], remove: ["b"] })).toEqual([
      "desk",
      "a",
      "b",
    ]);
  });

  it("closes in order: pending work is finished, then all streams end", async () => {
    const producer = peers.client.createProducer({ topics: ["topic1"], handler: () => 1 });
    const listener = peers.client.createListener({ topics: ["topic1"], onResult: () => {} });
    const dispatched = peers.client.dispatch("topic1");
    const produce = await peers.fake.nextProduce();
    const subscribe = await peers.fake.nextSubscribe();
    const submit = await peers.fake.nextSubmit();
    const sent = new SentMessages(produce);
    await sent.next("hello");
    produce.send(toProducer(welcome()));
    subscribe.send(toListener(ready()));
    const [submission] = (await submit.next()).submissions;
    await Promise.all([producer.ready(), listener.ready()]);

    const closed = peers.client.close();
    await sent.next("drain");
    await subscribe.clientEnded;
    await submit.clientEnded;
    submit.send(toRequester(acceptance(submission?.correlationId ?? "", "r1")));
    submit.end();
    produce.send(toProducer({ $case: "drained", value: {} }));
    produce.end();
    await closed;

    expect((await dispatched).requestId).toBe("r1");
    await producer.closed;
    await listener.closed;
  });

  it("aborts pending requests after the grace period", async () => {
    const gather = peers.client.gather("topic1");
    await peers.fake.nextSubmit();

    await peers.client.close({ graceMs: 1 });

    await expect(gather.summary).rejects.toMatchObject({ reason: "CLOSED" });
  });

  it("rejects every call after it is closed", async () => {
    await peers.client.close();

    const closed = { reason: "CLOSED" };
    await expect(peers.client.dispatch("topic1")).rejects.toMatchObject(closed);
    await expect(peers.client.gather("topic1").acceptance).rejects.toMatchObject(closed);
    await expect(peers.client.cancelRequest("r1")).rejects.toMatchObject(closed);
    await expect(peers.client.waitForReady(1)).rejects.toMatchObject(closed);
    await expect(peers.client.createListener({ topics: [] }).closed).rejects.toMatchObject(closed);
    await peers.client.close();
  });
});
