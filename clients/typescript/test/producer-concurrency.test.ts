import { describe, expect, it } from "vitest";
import { createDeferred } from "../src/async/deferred.js";
import { Inbox } from "../src/async/inbox.js";
import { RevocationReason } from "../src/gen/ate/dispatcher/v1/producer.js";
import type { AssignmentContext } from "../src/index.js";
import { connectProducer, greetProducer } from "./connected-producer.js";
import { assignment, toProducer } from "./messages.js";
import { roundTrip, usePeers } from "./peers.js";

const peers = usePeers();

/** Connects a producer whose handlers run until the test releases them. */
async function connectSlowProducer(concurrency: number, welcomeFields = {}) {
  const begun = new Inbox<AssignmentContext>();
  const running = new Set<string>();
  const releases = new Map<string, ReturnType<typeof createDeferred<string>>>();
  let most = 0;
  const peer = await connectProducer(
    peers,
    {
      concurrency,
      handler: async (request) => {
        running.add(request.assignmentId);
        most = Math.max(most, running.size);
        const release = createDeferred<string>();
        releases.set(request.assignmentId, release);
        begun.push(request);
        const value = await release.promise;
        running.delete(request.assignmentId);
        return value;
      },
    },
    welcomeFields,
  );
  return {
    ...peer,
    next: async () => (await begun.next()).value as AssignmentContext,
    release: (id: string) => releases.get(id)?.resolve(id),
    running,
    most: () => most,
  };
}

const expired = (...assignmentIds: string[]) =>
  toProducer({ $case: "revocation", value: { assignmentIds, reason: RevocationReason.EXPIRED } });

describe("a producer with a concurrency of one", () => {
  it("runs one handler, also if handlers outlast their TTL", async () => {
    const slow = await connectSlowProducer(1);

    slow.call.send(toProducer(assignment("a1")));
    await slow.next();
    slow.call.send(expired("a1"));
    slow.call.send(toProducer(assignment("a2")));
    slow.call.send(expired("a2"));
    slow.call.send(toProducer(assignment("a3")));
    await roundTrip(peers);
    expect([...slow.running]).toEqual(["a1"]);
    slow.release("a1");

    expect((await slow.next()).assignmentId).toBe("a3");
    slow.release("a3");
    expect(await slow.sent.next("reply")).toMatchObject({ assignmentId: "a1" });
    expect(await slow.sent.next("reply")).toMatchObject({ assignmentId: "a3" });
    expect(slow.most()).toBe(1);
  });

  it("drops an assignment whose TTL ends while it waits, and answers nothing", async () => {
    const slow = await connectSlowProducer(1);
    slow.call.send(toProducer(assignment("a1")));
    await slow.next();

    const short = assignment("a2");
    const value = { ...short.value, ttl: { seconds: 0n, nanos: 1 } };
    slow.call.send(toProducer({ $case: "assignment", value }, assignment("a3")));
    await roundTrip(peers);
    slow.release("a1");

    expect((await slow.next()).assignmentId).toBe("a3");
  });

  it("counts the handlers of a lost session too", async () => {
    const slow = await connectSlowProducer(1);
    slow.call.send(toProducer(assignment("a1"), assignment("a2")));
    await slow.next();

    slow.call.fail(14, "gone");
    const next = await greetProducer(peers);
    next.call.send(toProducer(assignment("b1")));
    await roundTrip(peers);
    expect([...slow.running]).toEqual(["a1"]);
    slow.release("a1");

    expect((await slow.next()).assignmentId).toBe("b1");
    expect(slow.most()).toBe(1);
  });

  it("runs more handlers at once when it is raised", async () => {
    const slow = await connectSlowProducer(1);
    slow.call.send(toProducer(assignment("a1"), assignment("a2"), assignment("a3")));
    await slow.next();

    slow.producer.setConcurrency(2);

    expect((await slow.next()).assignmentId).toBe("a2");
    slow.release("a1");
    expect((await slow.next()).assignmentId).toBe("a3");
    expect(slow.most()).toBe(2);
  });

  it("keeps to the server's number if it sets none", async () => {
    const slow = await connectSlowProducer(2, { maxOutstanding: 2 });
    slow.call.send(toProducer(assignment("a1"), assignment("a2")));
    await slow.next();
    await slow.next();
    slow.call.send(expired("a1", "a2"));
    slow.call.send(toProducer(assignment("a3")));
    await roundTrip(peers);

    expect(slow.running.size).toBe(2);
  });
});
