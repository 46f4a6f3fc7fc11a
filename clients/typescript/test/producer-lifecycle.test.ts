import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { createDeferred } from "../src/async/deferred.js";
import type { AssignmentContext } from "../src/index.js";
import { aborted, answer, connectProducer, greetProducer } from "./connected-producer.js";
import { assignment, toProducer } from "./messages.js";
import { usePeers } from "./peers.js";

const peers = usePeers();

describe("registrations", () => {
  it("change while the session is live, and in the next one too", async () => {
    const { producer, call, sent } = await connectProducer(peers);

    const joined = producer.register("topic2", { group: "g" });
    const { correlationId, registrations } = await sent.next("register");
    call.send(toProducer({ $case: "registered", value: { topics: ["topic2"], correlationId } }));
    await joined;
    const left = producer.deregister("topic1");
    const deregister = await sent.next("deregister");
    call.send(toProducer({ $case: "deregistered", value: deregister }));
    await left;
    call.fail(status.UNAVAILABLE, "gone");

    expect(registrations).toEqual([{ topic: "topic2", group: "g" }]);
    expect(deregister.topics).toEqual(["topic1"]);
    expect((await greetProducer(peers)).hello.registrations).toEqual([{ topic: "topic2", group: "g" }]);
  });

  it("that the server rejects fail, and the session continues", async () => {
    const { producer, call, sent } = await connectProducer(peers, { handler: () => 1 });

    const joined = producer.register("no spaces");
    const { correlationId } = await sent.next("register");
    const rejection = { code: status.INVALID_ARGUMENT, message: "malformed", details: [] };
    call.send(toProducer({ $case: "fault", value: { correlationId, status: rejection } }));

    await expect(joined).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: "malformed" });
    await answer(call, sent, "a1");
  });

  it("that were not answered are sent again in the next session, but not in its Hello", async () => {
    const { producer, call, sent } = await connectProducer(peers);
    const joined = producer.register("topic2");
    await sent.next("register");

    call.fail(status.UNAVAILABLE, "gone");
    const again = await greetProducer(peers);
    const { correlationId, registrations } = await again.sent.next("register");
    again.call.send(toProducer({ $case: "registered", value: { topics: ["topic2"], correlationId } }));

    await joined;
    expect(registrations).toEqual([{ topic: "topic2", group: "" }]);
    expect(again.hello.registrations).toEqual([{ topic: "topic1", group: "" }]);
  });
});

describe("closing", () => {
  it("drains: sends the pending results, then ends the stream after Drained", async () => {
    const release = createDeferred<string>();
    const { producer, call, sent } = await connectProducer(peers, { handler: () => release.promise });
    call.send(toProducer(assignment("a1")));

    const closed = producer.close();
    await sent.next("drain");
    release.resolve("done");
    expect(await sent.next("reply")).toMatchObject({ assignmentId: "a1" });
    call.send(toProducer({ $case: "drained", value: {} }));
    await call.clientEnded;
    call.end();

    await closed;
    await producer.closed;
  });

  it("aborts handlers that outlast the grace period", async () => {
    const begun = createDeferred<AssignmentContext>();
    const { producer, call } = await connectProducer(peers, {
      handler: (request) => {
        begun.resolve(request);
        return new Promise(() => {});
      },
    });
    call.send(toProducer(assignment("a1")));
    const { signal } = await begun.promise;

    await producer.close({ graceMs: 1 });

    expect(await aborted(signal)).toMatchObject({ reason: "CLOSED" });
    await call.clientEnded;
  });

  it("is immediate while there is no session", async () => {
    const producer = peers.client.createProducer({ topics: [], handler: () => null });

    await producer.close();

    await expect(producer.ready()).rejects.toMatchObject({ reason: "CLOSED" });
  });
});
