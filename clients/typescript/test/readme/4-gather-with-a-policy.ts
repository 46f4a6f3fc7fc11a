import { createClient } from "ate-dispatcher-client";

const client = createClient({ address: "127.0.0.1:50051" });

const gather = client.gather("quotes.gold", {
  args: [100],
  ttlMs: 2000,
  completion: { quorumPercent: 80, stallTimeoutMs: 300, minResults: 3 },
});

for await (const { producerId, value, latencyMs } of gather)
  console.log(producerId, value, `${latencyMs} ms`);

const { reason, satisfied, outcomes } = await gather.summary;
const silent = outcomes.filter(({ state }) => state === "MISSED").map(({ producerId }) => producerId);
console.log(reason, satisfied ? "enough answers" : "too few", "silent:", silent);
await client.close();
