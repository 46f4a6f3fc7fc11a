import { createClient } from "ate-dispatcher-client";

const client = createClient({ address: "127.0.0.1:50051" });

const { requestId, targets } = await client.dispatch("topic1", {
  args: [3, 4, 5],
  kwargs: { keyword: "b" },
  ttlMs: 4000,
});

console.log(`${requestId} went to ${targets.length} producers; the listeners get the results`);
await client.close();
