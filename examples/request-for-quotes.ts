/**
 * A request for quotes: five vendors are asked for a price. Quotes that arrive in time are compared, and the vendors that
 * are too late are named.
 *
 * A quorum of 80 % would end the request early. Two vendors are too slow for that, so the request ends at its TTL. It is
 * satisfied all the same, because three quotes are enough to decide.
 *
 *   npx tsc -b tsconfig.examples.json && node dist-examples/request-for-quotes.js
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createDispatcher } from "ate-dispatcher";
import { createClient } from "ate-dispatcher-client";

// Starts a dispatcher, unless the environment names a running one.
const running = process.env["ATE_DISPATCHER_ADDRESS"];
const dispatcher = running ? undefined : createDispatcher({ listen: ["127.0.0.1:0"], logLevel: "warn" });
await dispatcher?.start();
const [own = ""] = dispatcher?.addresses ?? [];
const client = createClient({ address: running || own });

// Five vendors. In production each would be a program of its own, in any language.
const vendors = [
  { id: "acme", thinksMs: 30, price: 12.4 },
  { id: "bolt", thinksMs: 60, price: 11.9 },
  { id: "cord", thinksMs: 90, price: 12.1 },
  { id: "dyno", thinksMs: 20_000, price: 9.5 },
  { id: "echo", thinksMs: 20_000, price: 9.9 },
];
const producers = vendors.map(({ id, thinksMs, price }) =>
  client.createProducer({
    id,
    topics: ["quotes.lamp"],
    handler: async ({ kwargs, signal }) => {
      // The signal fires when the quote is no longer needed, so a late vendor wastes no time on it.
      await sleep(thinksMs, undefined, { signal });
      return { price: price * Number(kwargs["quantity"]) };
    },
  }),
);
await Promise.all(producers.map((producer) => producer.ready()));

const gather = client.gather("quotes.lamp", {
  kwargs: { quantity: 100 },
  ttlMs: 800,
  completion: { quorumPercent: 80, minResults: 3 },
});

const quotes: { readonly vendor: string; readonly price: number }[] = [];
for await (const { producerId, value, latencyMs } of gather) {
  const { price } = value as { readonly price: number };
  quotes.push({ vendor: producerId, price });
  console.log(`${producerId} offers ${price} after ${Math.round(latencyMs)} ms`);
}

// The summary names every vendor that was asked. Only the state ANSWERED means that the quote arrived in time.
const { reason, satisfied, answeredCount, targetedCount, outcomes } = await gather.summary;
const late = outcomes.filter(({ state }) => state !== "ANSWERED").map(({ producerId }) => producerId);
console.log(`${reason}: ${answeredCount} of ${targetedCount}, ${satisfied ? "enough" : "too few"} to decide`);
console.log(`too late: ${late.join(", ") || "nobody"}`);

const [best] = quotes.sort((a, b) => a.price - b.price);
console.log(best ? `the best is ${best.vendor} at ${best.price}` : "no quote at all");

await client.close();
await dispatcher?.drain();
