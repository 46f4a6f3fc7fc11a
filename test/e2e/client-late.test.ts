/**
 * Results that the client's handlers return after the revocation, and the listeners that receive them.
 */
import { type AssignmentContext, createClient, type ResultDelivery } from "ate-dispatcher-client";
import { expect, it, onTestFinished } from "vitest";
import { useServer } from "../support/in-process.js";

const server = useServer();

/** Collects items, and lets a test wait for a number of them. */
class Received<T> {
  readonly all: T[] = [];
  #waiting: (() => void)[] = [];

  readonly note = (item: T): void => {
    this.all.push(item);
    for (const wake of this.#waiting.splice(0)) wake();
  };

  async until(count: number): Promise<readonly T[]> {
    while (this.all.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.all;
  }
}

/** A producer that replies only after the revocation, a listener that includes late results and one that does not. */
async function setup(topic: string) {
  const client = createClient({ address: server.address });
  onTestFinished(() => client.close({ graceMs: 0 }));
  const [dispositions, withLate, inTime] = [
    new Received<string>(),
    new Received<unknown>(),
    new Received<unknown>(),
  ];
  const record = (received: Received<unknown>) => (result: ResultDelivery) =>
    received.note([result.value, result.late, result.more]);
  const peers = [
    client.createListener({ topics: [topic], includeLate: true, onResult: record(withLate) }),
    client.createListener({ topics: [topic], onResult: record(inTime) }),
    client.createProducer({
      topics: [topic],
      handler: async (assignment) => {
        if (assignment.args[0] === "in time") return "in time";
        await untilRevoked(assignment);
        await assignment.send("a part");
        return "the rest";
      },
      onDisposition: (_, state) => dispositions.note(state),
    }),
  ];
  for (const peer of peers) await peer.ready();
  return { client, dispositions, withLate, inTime };
}

async function untilRevoked({ signal }: AssignmentContext): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

const LATE = [
  ["a part", true, true],
  ["the rest", true, false],
];

it("a late result of a handler reaches listeners that include late results, and its disposition is LATE", async () => {
  const { client, dispositions, withLate, inTime } = await setup("late");

  const gather = client.gather("late", { ttlMs: 20 });

  expect((await gather.summary).reason).toBe("EXPIRED");
  expect(await withLate.until(2)).toEqual(LATE);
  expect(await dispositions.until(2)).toEqual(["LATE", "LATE"]);
  await client.dispatch("late", { args: ["in time"] });
  expect(await inTime.until(1)).toEqual([["in time", false, false]]);
});

it("a result of a cancelled handler reaches listeners that include late results, and its disposition is CANCELLED", async () => {
  const { client, dispositions, withLate, inTime } = await setup("cancelled");

  const { requestId } = await client.dispatch("cancelled", { ttlMs: 60_000 });
  await client.cancelRequest(requestId);

  expect(await withLate.until(2)).toEqual(LATE);
  expect(await dispositions.until(2)).toEqual(["CANCELLED", "CANCELLED"]);
  await client.dispatch("cancelled", { args: ["in time"] });
  expect(await inTime.until(1)).toEqual([["in time", false, false]]);
});
