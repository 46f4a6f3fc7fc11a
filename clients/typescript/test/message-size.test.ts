import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { createDeferred } from "../src/async/deferred.js";
import {
  ProduceRequest,
  SubmitRequest,
  SubscribeRequest,
} from "../src/gen/ate/dispatcher/v1/dispatcher_service.js";
import { only, ready, SentMessages, toListener, toProducer, welcome } from "./messages.js";
import { roundTrip, usePeers } from "./peers.js";

const peers = usePeers();

/** Every server accepts messages of this size. */
const MAX_MESSAGE_BYTES = 64 * 1024;

/** 10,500 topics of 107 bytes: more than a megabyte. */
const TOPICS = Array.from({ length: 10_500 }, (_, n) => `t${n}.`.padEnd(107, "x"));

describe("a producer with many topics", () => {
  it("sends those that fit in Hello and the others in Register, and is ready after the last Registered", async () => {
    const producer = peers.client.createProducer({
      topics: TOPICS.map((topic) => ({ topic, group: "g" })),
      handler: () => 1,
      labels: { region: "eu" },
    });
    for (const sessionId of ["s-1", "s-2"]) {
      const call = await peers.fake.nextProduce();
      const registered: string[] = [];
      const first = await call.next();
      expect(ProduceRequest.encode(first).finish().byteLength).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
      const hello = only(first.messages[0]?.message, "hello");
      registered.push(...hello.registrations.map(({ topic }) => topic));
      expect(registered.length).toBeGreaterThan(100);
      call.send(toProducer(welcome({ sessionId })));
      let isReady = false;
      void producer.ready().then(() => {
        isReady = true;
      });
      while (registered.length < TOPICS.length) {
        expect(isReady).toBe(false);
        const message = await call.next();
        expect(ProduceRequest.encode(message).finish().byteLength).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
        for (const each of message.messages) {
          const { registrations, correlationId } = only(each.message, "register");
          const topics = registrations.map(({ topic }) => topic);
          registered.push(...topics);
          call.send(toProducer({ $case: "registered", value: { topics, correlationId } }));
        }
      }
      await producer.ready();
      expect(registered).toEqual(TOPICS);
      call.fail(status.UNAVAILABLE, "gone");
    }
  });

  it("ends for good if the server rejects a part of them, as it would reject them in Hello", async () => {
    const producer = peers.client.createProducer({ topics: TOPICS, handler: () => 1 });
    const call = await peers.fake.nextProduce();
    const sent = new SentMessages(call);
    await sent.next("hello");
    call.send(toProducer(welcome()));
    const { correlationId } = await sent.next("register");

    const rejection = { code: status.INVALID_ARGUMENT, message: "too many topics", details: [] };
    call.send(toProducer({ $case: "fault", value: { correlationId, status: rejection } }));

    await expect(producer.closed).rejects.toMatchObject({ details: "too many topics" });
  });
});

describe("a listener with many topics and cursors", () => {
  it("sends them in parts that every server accepts, and is ready after the last one", async () => {
    const listener = peers.client.createListener({ topics: TOPICS, id: "desk" });
    for (const cursorCount of [0, 10_000]) {
      const call = await peers.fake.nextSubscribe();
      const [topics, cursors]: [string[], string[]] = [[], []];
      let hasMore = true;
      let partCount = 0;
      for (; hasMore; partCount++) {
        const message = await call.next();
        expect(SubscribeRequest.encode(message).finish().byteLength).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
        if (partCount === 0) {
          const listen = only(message.message, "listen");
          expect(listen.listenerId).toBe("desk");
          topics.push(...listen.topics);
          cursors.push(...listen.resumeFrom.map(({ topic }) => topic));
          hasMore = listen.cursorsFollow;
        } else {
          const update = only(message.message, "update");
          topics.push(...update.addTopics);
          cursors.push(...update.resumeFrom.map(({ topic }) => topic));
          hasMore = update.cursorsFollow;
        }
      }
      expect(partCount).toBeGreaterThan(10);
      expect(topics).toEqual(TOPICS);
      expect(cursors).toHaveLength(cursorCount);
      for (let at = 0; at < TOPICS.length; at += 500) {
        const known = TOPICS.slice(at, at + 500).map((topic) => ({
          topic,
          epoch: "e".repeat(36),
          sequence: 1n,
        }));
        if (at === 0) call.send(toListener(ready({ cursors: known })));
        else call.send(toListener(heartbeat(known)));
      }
      await listener.ready();
      await roundTrip(peers);
      call.fail(status.UNAVAILABLE, "gone");
    }
  });

  it("sends a change of many topics in parts, and confirms it after the last one", async () => {
    const listener = peers.client.createListener({ topics: [] });
    const call = await peers.fake.nextSubscribe();
    await call.next();
    call.send(toListener(ready()));
    await listener.ready();

    const added = listener.add(...TOPICS);
    const seen: string[] = [];
    while (seen.length < TOPICS.length) {
      const message = await call.next();
      expect(SubscribeRequest.encode(message).finish().byteLength).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
      const { addTopics } = only(message.message, "update");
      seen.push(...addTopics);
      const change = { added: [...addTopics], removed: [], cursors: [] };
      call.send(toListener({ $case: "topicsChanged", value: change }));
    }
    await added;
  });
});

describe("requests", () => {
  it("share messages that every server accepts", async () => {
    for (let n = 0; n < 100; n++) {
      void peers.client.dispatch("topic1", { data: new Uint8Array(2_000) }).catch(() => {});
    }
    const call = await peers.fake.nextSubmit();
    let count = 0;
    while (count < 100) {
      const message = await call.next();
      expect(SubmitRequest.encode(message).finish().byteLength).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
      count += message.submissions.length;
    }
  });

  it.each([
    ["the request", { data: new Uint8Array(MAX_MESSAGE_BYTES) }],
    ["its context", { context: { baggage: "x".repeat(MAX_MESSAGE_BYTES) } }],
  ])(
    "get a call of their own if %s is too large for a message that every server accepts",
    async (_, options) => {
      const asked = createDeferred<number>();
      peers.fake.onDispatch = ({ request }) => {
        asked.resolve(request?.data.byteLength ?? 0);
        return { acceptance: undefined };
      };

      await peers.client.dispatch("topic1", options);
      expect(await asked.promise).toBe("data" in options ? MAX_MESSAGE_BYTES : 0);
    },
  );
});

function heartbeat(cursors: { topic: string; epoch: string; sequence: bigint }[]) {
  return { $case: "heartbeat", value: { interval: { seconds: 20n, nanos: 0 }, cursors } } as const;
}
