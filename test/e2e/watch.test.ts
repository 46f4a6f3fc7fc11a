/** Watch: what a change of a peer costs, and what a watcher is told. */
import { ProduceRequest } from "ate-dispatcher-client/internal";
import { expect, it } from "vitest";
import { useServer } from "../support/in-process.js";
import { connect } from "../support/wire-client.js";

const server = useServer();
const REGISTRATIONS = 10_000;

it("a producer with 10,000 registrations that changes 2,000 times is told a few times, with 100 of them", async () => {
  const client = connect(server.address);
  const registrations = Array.from({ length: REGISTRATIONS }, (_, i) => ({ topic: `watched.${i}` }));
  const producer = await client.producer("many", [], { registrations });
  const watcher = client.watch();
  await watcher.next("server");
  const none = Array.from({ length: 2_000 }, () => ({
    message: { $case: "deregister" as const, value: { topics: [], correlationId: "" } },
  }));

  producer.sendBytes(ProduceRequest.encode(ProduceRequest.fromPartial({ messages: none })).finish());
  for (const _ of none) await producer.next("deregistered");
  await watcher.next("server");
  await watcher.next("server");

  const told = watcher.all("producerChanged").filter(({ producerId }) => producerId === "many");
  expect(told.length).toBeGreaterThan(0);
  // The exchange takes a few seconds at most; the natural way is one event per change.
  expect(told.length).toBeLessThan(100);
  for (const { registrations: shown, registrationCount } of told) {
    expect([shown.length, registrationCount]).toEqual([100, REGISTRATIONS]);
  }
});

it("a watcher hears of a peer's first change at once, and of its end", async () => {
  const client = connect(server.address);
  const watcher = client.watch();
  await watcher.next("server");
  const producer = await client.producer("p", ["watch.first"]);
  expect(await watcher.next("producerChanged")).toMatchObject({ producerId: "p", registrationCount: 1 });
  const listener = await client.listener({ listenerId: "l", topics: ["watch.first"] });
  expect(await watcher.next("listenerChanged")).toMatchObject({ listenerId: "l", topicCount: 1 });

  producer.cancel();
  listener.cancel();

  expect(await watcher.next("producerLeft")).toBe("p");
  expect(await watcher.next("listenerLeft")).toBe("l");
});
