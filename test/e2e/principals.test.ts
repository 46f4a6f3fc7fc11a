/** What one principal can do to the sessions, requests and groups of another: nothing. */
import { afterAll, describe, expect, it } from "vitest";
import { useServer } from "../support/in-process.js";
import { bearer, writeTokenFile } from "../support/token-file.js";
import { connect, type WireClient } from "../support/wire-client.js";
import { refusalOf } from "../support/wire-status.js";

const file = writeTokenFile([
  { token: "token-of-alice", id: "alice" },
  { token: "token-of-mallory", id: "mallory" },
]);
afterAll(file.remove);
const server = useServer({ authTokensFile: file.path });

function clientOf(id: "alice" | "mallory"): WireClient {
  return connect(server.address, bearer(`token-of-${id}`).metadata);
}

/** An assignment's id, its request's id and requester. */
async function assignmentOf(producer: Awaited<ReturnType<WireClient["producer"]>>) {
  return await producer.next("assignment");
}

describe("two principals with the same ids", () => {
  it("have two producers and two listeners, and neither replaces the other's", async () => {
    const [alice, mallory] = [clientOf("alice"), clientOf("mallory")];
    const topics = ["theft.sessions"];
    const own = await alice.producer("p", topics);
    const listener = await alice.listener({ listenerId: "l", topics });
    const theirs = await mallory.producer("p", topics);
    await mallory.listener({ listenerId: "l", topics });

    const gather = alice.gather({ topic: topics[0] ?? "" });
    for (const producer of [own, theirs]) {
      const assignment = await assignmentOf(producer);
      expect(assignment.requester).toBe("alice");
      producer.answer(assignment, 1);
    }
    const { targets } = await gather.next("acceptance");
    expect(targets.map(({ producerId, principal }) => [producerId, principal])).toEqual([
      ["p", "alice"],
      ["p", "mallory"],
    ]);
    const deliveries = [await listener.next("delivery"), await listener.next("delivery")];
    expect(
      deliveries.map(({ producerId, principal, requester }) => [producerId, principal, requester]),
    ).toEqual([
      ["p", "alice", "alice"],
      ["p", "mallory", "alice"],
    ]);
    const summary = await gather.next("summary");
    expect(summary.requester).toBe("alice");
    expect(summary.outcomes.map(({ principal }) => principal)).toEqual(["alice", "mallory"]);
    const listed = (await alice.producers()).filter(({ producerId }) => producerId === "p");
    expect(listed.map(({ principal }) => principal)).toEqual(["alice", "mallory"]);
  });

  it("cannot change each other's listener, nor cancel each other's request", async () => {
    const [alice, mallory] = [clientOf("alice"), clientOf("mallory")];
    const producer = await alice.producer("answers", ["theft.requests"]);
    await alice.listener({ listenerId: "mine", topics: ["theft.requests"] });
    await alice.dispatch({ topic: "theft.requests", requestId: "r" });
    await assignmentOf(producer);

    expect((await refusalOf(mallory.updateListener({ listenerId: "mine", addTopics: ["a"] }))).reason).toBe(
      "LISTENER_NOT_FOUND",
    );
    expect((await refusalOf(mallory.cancelRequest("r"))).reason).toBe("REQUEST_NOT_FOUND");
    // An id has no space; with one, it would be the name under which the request of alice is kept.
    expect((await refusalOf(mallory.cancelRequest("r alice"))).reason).toBe("INVALID_FIELD");
    expect((await alice.cancelRequest("r")).reason).toBe(5);
  });

  it("have two requests, each of which is asked once", async () => {
    const [alice, mallory] = [clientOf("alice"), clientOf("mallory")];
    const producer = await alice.producer("counts", ["theft.ids"]);
    const same = { topic: "theft.ids", requestId: "same" };
    for (const client of [alice, alice, mallory, mallory]) await client.dispatch(same);

    const asked = [await assignmentOf(producer), await assignmentOf(producer)];
    expect(asked.map(({ requestId, requester }) => [requestId, requester])).toEqual([
      ["same", "alice"],
      ["same", "mallory"],
    ]);
    expect(asked.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });

  it("have two groups of producers and two of listeners", async () => {
    const [alice, mallory] = [clientOf("alice"), clientOf("mallory")];
    const registrations = [{ topic: "theft.groups", group: "g" }];
    const producers = [
      await alice.producer("a1", [], { registrations }),
      await alice.producer("a2", [], { registrations }),
      await mallory.producer("m1", [], { registrations }),
    ];
    const own = await alice.listener({ topics: ["theft.groups"], group: "l" });
    const theirs = await mallory.listener({ topics: ["theft.groups"], group: "l" });

    for (let i = 0; i < 4; i++) {
      const gather = alice.gather({ topic: "theft.groups" });
      const { targets } = await gather.next("acceptance");
      // One of the two of alice, and that of mallory: she takes no work away.
      expect(targets.map(({ principal, group }) => `${principal}/${group}`).sort()).toEqual([
        "alice/g",
        "mallory/g",
      ]);
      for (const { producerId } of targets) {
        const producer = producers[["a1", "a2", "m1"].indexOf(producerId)];
        if (producer) producer.answer(await assignmentOf(producer), 1);
      }
      for (const listener of [own, theirs]) {
        expect((await listener.next("delivery")).requester).toBe("alice");
        expect((await listener.next("delivery")).requester).toBe("alice");
      }
    }
  });

  it("may select the producers of one of them", async () => {
    const [alice, mallory] = [clientOf("alice"), clientOf("mallory")];
    for (const client of [alice, mallory]) await client.producer("p", ["theft.selected"]);
    const ask = async (selector: object) =>
      (await alice.dispatch({ topic: "theft.selected", selector }, { validateOnly: true })).targets.map(
        ({ principal }) => principal,
      );

    expect(await ask({ producerIds: ["p"] })).toEqual(["alice", "mallory"]);
    expect(await ask({ principals: ["alice"] })).toEqual(["alice"]);
    expect(await ask({ producerIds: ["p"], principals: ["mallory"] })).toEqual(["mallory"]);
  });
});
