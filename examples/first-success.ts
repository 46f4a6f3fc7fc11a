/**
 * First success: a search runs in several zones at once, on one replica of each, and the first success ends it.
 *
 * The replicas of a zone are a group, so the dispatcher asks one of them per request and alternates between them. A zone
 * that fails does not end the request. The first success does, and the other replicas are told at once to stop.
 *
 *   npx tsc -b tsconfig.examples.json && node dist-examples/first-success.js
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createDispatcher } from "ate-dispatcher";
import { createClient, DispatcherError, type Handler } from "ate-dispatcher-client";

// Starts a dispatcher, unless the environment names a running one.
const running = process.env["ATE_DISPATCHER_ADDRESS"];
const dispatcher = running ? undefined : createDispatcher({ listen: ["127.0.0.1:0"], logLevel: "warn" });
await dispatcher?.start();
const [own = ""] = dispatcher?.addresses ?? [];
const client = createClient({ address: running || own });

// Resolve when the replicas that were not first have stopped.
const stopped: Promise<void>[] = [];

/** Creates the two replicas of a zone; the dispatcher asks one member of a group per request. */
function zone(group: string, handlerOf: (id: string) => Handler) {
  return [`${group}-1`, `${group}-2`].map((id) =>
    client.createProducer({ id, topics: [{ topic: "search", group }], handler: handlerOf(id) }),
  );
}

const replicas = [
  ...zone("near", (id) => async ({ args, signal }) => {
    await sleep(50, undefined, { signal });
    return `${id} found ${args[0]}`;
  }),
  ...zone("far", (id) => ({ args, signal }) => {
    const work = sleep(20_000, `${id} found ${args[0]}`, { signal });
    // The reason of the signal says why the result is no longer needed.
    const loser = work.catch(() => {
      console.log(`${id} stops: ${DispatcherError.from(signal.reason).reason}`);
    });
    stopped.push(loser.then(() => {}));
    return work;
  }),
  ...zone("broken", () => () => {
    throw new Error("the index is being rebuilt");
  }),
];
await Promise.all(replicas.map((replica) => replica.ready()));

for (const word of ["apples", "pears"]) {
  const gather = client.gather("search", { args: [word], completion: { firstSuccess: true }, ttlMs: 5_000 });
  for await (const result of gather) {
    // An error is a result too: it is delivered, but does not count as a success.
    if (result.error) console.log(`${result.producerId} fails: ${result.error.details}`);
    else console.log(`${result.value} after ${Math.round(result.latencyMs)} ms`);
  }
  const { reason, outcomes } = await gather.summary;
  const fates = outcomes.map(({ producerId, state }) => `${producerId} ${state}`).sort();
  console.log(`${reason}: ${fates.join(", ")}`);
  await Promise.all(stopped);
}

await client.close();
await dispatcher?.drain();
