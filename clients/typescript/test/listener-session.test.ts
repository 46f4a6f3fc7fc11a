import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { createDeferred } from "../src/async/deferred.js";
import { DispatcherError, type SessionStatus } from "../src/index.js";
import { connectListener, greetListener, take } from "./connected-listener.js";
import { delivery, only, ready, toListener } from "./messages.js";
import { roundTrip, usePeers } from "./peers.js";

type SubscribeCall = Awaited<ReturnType<typeof greetListener>>["call"];

const peers = usePeers();

describe("a session", () => {
  it("starts with a Listen message that carries all options", async () => {
    const { listener, listen } = await connectListener(peers, {
      topics: ["topic1", "quotes.*"],
      id: "desk",
      group: "g",
      includeLate: true,
      onSummary: () => {},
      overflowAction: "DISCONNECT",
      bufferBytes: 65_536,
    });

    expect(listen).toEqual({
      listenerId: "desk",
      topics: ["topic1", "quotes.*"],
      resumeFrom: [],
      includeLate: true,
      includeSummaries: true,
      overflowAction: 2,
      bufferBytes: 65_536,
      group: "g",
      cursorsFollow: false,
    });
    expect(listener.id).toBe("l-1");
  });

  it("resumes at its last position, and delivers nothing twice", async () => {
    const { listener, call } = await connectListener(peers);
    call.send(toListener(delivery("topic1", 1n), delivery("topic1", 2n)));
    expect(await take(listener, 2)).toEqual([1, 2]);

    call.fail(status.UNAVAILABLE, "gone");
    const next = await peers.fake.nextSubscribe();
    const { resumeFrom } = only((await next.next()).message, "listen");
    const cursors = [{ topic: "topic1", epoch: "e1", sequence: 1n }];
    next.send(toListener(ready({ cursors }), delivery("topic1", 2n), delivery("topic1", 3n)));

    expect(resumeFrom).toEqual([{ topic: "topic1", epoch: "e1", sequence: 2n }]);
    expect(await take(listener, 1)).toEqual([3]);
  });

  it("ends for good when another session with its id replaces it; a loop over it throws", async () => {
    const { listener, call } = await connectListener(peers);

    call.send(toListener(delivery("topic1", 1n)));
    call.fail(status.ABORTED, "replaced", "SESSION_REPLACED");

    await expect(listener.closed).rejects.toMatchObject({ reason: "SESSION_REPLACED" });
    expect(await take(listener, 1)).toEqual([1]);
    await expect(take(listener, 1)).rejects.toMatchObject({ reason: "SESSION_REPLACED" });
  });

  it("reconnects after a message that is not valid protobuf", async () => {
    const lost = createDeferred<DispatcherError>();
    const onStatus = (change: SessionStatus) =>
      change.type === "disconnected" ? lost.resolve(change.error) : undefined;
    const { listener, call } = await connectListener(peers, { onStatus });

    call.sendRaw(Uint8Array.of(10, 200));
    await greetListener(peers);

    await listener.ready();
    expect(await lost.promise).toMatchObject({ reason: "MALFORMED_MESSAGE" });
  });

  it("keeps the id that the server generated, so that the next session replaces it", async () => {
    const { call, listen } = await connectListener(peers);
    expect(listen.listenerId).toBe("");

    call.fail(status.UNAVAILABLE, "gone");

    expect((await greetListener(peers)).listen.listenerId).toBe("l-1");
  });

  it("resumes after the positions in heartbeats and after gaps", async () => {
    const { call } = await connectListener(peers, { topics: ["topic1", "topic2"] });
    const cursors = [{ topic: "topic1", epoch: "e1", sequence: 9n }];
    const interval = { seconds: 20n, nanos: 0 };
    const gap = { topic: "topic2", reason: 2, from: 1n, to: 7n, lostCount: 7n } as const;

    call.send(toListener({ $case: "heartbeat", value: { interval, cursors } }, { $case: "gap", value: gap }));
    call.fail(status.UNAVAILABLE, "gone");

    expect((await greetListener(peers)).listen.resumeFrom).toEqual([
      { topic: "topic1", epoch: "e1", sequence: 9n },
      { topic: "topic2", epoch: "", sequence: 7n },
    ]);
  });
});

describe("topics", () => {
  it("change on the live stream, and on the next one too", async () => {
    const { listener, call } = await connectListener(peers);

    const added = listener.add("topic2", "topic3");
    expect(await nextUpdate(call)).toMatchObject({ addTopics: ["topic2", "topic3"], removeTopics: [] });
    call.send(toListener(topicsChanged({ added: ["topic2", "topic3"] })));
    await added;
    const removed = listener.remove("topic1");
    expect(await nextUpdate(call)).toMatchObject({ addTopics: [], removeTopics: ["topic1"] });
    call.send(toListener(topicsChanged({ removed: ["topic1"] })));
    await removed;
    call.fail(status.UNAVAILABLE, "gone");

    const { listen } = await greetListener(peers);
    expect(listen.topics).toEqual(["topic2", "topic3"]);
    expect(listen.resumeFrom).toEqual([]);
  });

  it("that were added while disconnected are live with the next session", async () => {
    const { listener, call } = await connectListener(peers);
    const added = listener.add("topic2");
    await nextUpdate(call);

    call.fail(status.UNAVAILABLE, "gone");
    const { listen } = await greetListener(peers);

    await added;
    expect(listen.topics).toEqual(["topic1", "topic2"]);
  });

  it("can be changed from inside the loop, while more results are queued than the usual limit", async () => {
    const { listener, call } = await connectListener(peers);
    sendMany(call, 60, 100);
    call.send(toListener(delivery("topic1", 6001n)));
    const values: unknown[] = [];

    for await (const { topic, value } of listener) {
      values.push(value);
      if (values.length === 1) {
        await roundTrip(peers);
        const added = listener.add("topic2");
        expect(await nextUpdate(call)).toMatchObject({ addTopics: ["topic2"], removeTopics: [] });
        call.send(toListener(topicsChanged({ added: ["topic2"] }), delivery("topic2", 1n)));
        await added;
      }
      if (topic === "topic2") break;
    }

    expect(values).toHaveLength(6002);
  });

  it("change also if the call fails because too many results arrive before the confirmation", async () => {
    const { listener, call } = await connectListener(peers);
    const added = listener.add("topic2");
    await nextUpdate(call);

    sendMany(call, 70, 1000);

    await expect(added).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: "SLOW_CONSUMER" });
    await expect(listener.add("topic3")).rejects.toMatchObject({ reason: "SLOW_CONSUMER" });
    expect(await nextUpdate(call)).toMatchObject({ addTopics: ["topic3"] });
    expect((await take(listener, 70_000)).at(-1)).toBe(70_000);
  });

  it("need no message when they are added twice, or removed without being there", async () => {
    const { listener } = await connectListener(peers);

    await listener.add("topic1");
    await listener.remove("topic9");
  });

  it.each(["", "a b", "a..b", ">.a", "a.>b", "ü", "a".repeat(256)])(
    "that are malformed are never sent: %j",
    async (topic) => {
      const { listener } = await connectListener(peers);

      await expect(listener.add("fine", topic)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
      expect(() => peers.client.createListener({ topics: [topic] })).toThrow(DispatcherError);
    },
  );
});

function sendMany(call: SubscribeCall, messages: number, perMessage: number): void {
  for (let message = 0; message < messages; message++) {
    const first = BigInt(message * perMessage + 1);
    const deliveries = Array.from({ length: perMessage }, (_, n) => delivery("topic1", first + BigInt(n)));
    call.send(toListener(...deliveries));
  }
}

async function nextUpdate(call: SubscribeCall) {
  return only((await call.next()).message, "update");
}

function topicsChanged(change: { added?: string[]; removed?: string[] }) {
  return { $case: "topicsChanged", value: { added: [], removed: [], cursors: [], ...change } } as const;
}
