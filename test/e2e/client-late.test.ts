/**
 * What the client's handlers still say after their work was revoked, and who hears it.
 */
import { type AssignmentContext, createClient, type ResultDelivery } from "ate-dispatcher-client";
import { expect, it, onTestFinished } from "vitest";
import { useServer } from "../support/in-process.js";

const server = useServer();

/** Collects what comes, and lets it be waited for. */
class Seen<T> {
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

/** A producer that answers only once it was told that nobody wants the answer, and two listeners. */
async function stage(topic: string) {
  const client = createClient({ address: server.address });
  onTestFinished(() => client.close({ graceMs: 0 }));
  const [dispositions, patient, strict] = [new Seen<string>(), new Seen<unknown>(), new Seen<unknown>()];
  const hear = (heard: Seen<unknown>) => (result: ResultDelivery) =>
    heard.note([result.value, result.late, result.more]);
  const peers = [
    client.createListener({ topics: [topic], includeLate: true, onResult: hear(patient) }),
    client.createListener({ topics: [topic], onResult: hear(strict) }),
    client.createProducer({
      topics: [topic],
      handler: async (assignment) => {
        if (assignment.args[0] === "in time") return "in time";
        await revocation(assignment);
        await assignment.send("a part");
        return "the rest";
      },
      onDisposition: (_, state) => dispositions.note(state),
    }),
  ];
  for (const peer of peers) await peer.ready();
  return { client, dispositions, patient, strict };
}

async function revocation({ signal }: AssignmentContext): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

const LATE = [
  ["a part", true, true],
  ["the rest", true, false],
];

it("a late result of a handler reaches who includes late ones, and the producer is told", async () => {
  const { client, dispositions, patient, strict } = await stage("late");

  const gather = client.gather("late", { ttlMs: 20 });

  expect((await gather.summary).reason).toBe("EXPIRED");
  expect(await patient.until(2)).toEqual(LATE);
  expect(await dispositions.until(2)).toEqual(["LATE", "LATE"]);
  await client.dispatch("late", { args: ["in time"] });
  expect(await strict.until(1)).toEqual([["in time", false, false]]);
});

it("the result of a cancelled handler reaches who includes late ones, and the producer is told", async () => {
  const { client, dispositions, patient, strict } = await stage("cancelled");

  const { requestId } = await client.dispatch("cancelled", { ttlMs: 60_000 });
  await client.cancelRequest(requestId);

  expect(await patient.until(2)).toEqual(LATE);
  expect(await dispositions.until(2)).toEqual(["CANCELLED", "CANCELLED"]);
  await client.dispatch("cancelled", { args: ["in time"] });
  expect(await strict.until(1)).toEqual([["in time", false, false]]);
});
