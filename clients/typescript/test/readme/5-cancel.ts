import { createClient, DispatcherError } from "ate-dispatcher-client";

const client = createClient({ address: "127.0.0.1:50051" });

const gather = client.gather("topic1", { ttlMs: 60_000, requestId: "order-17" });
setTimeout(() => gather.cancel(), 1000); // or leave the loop; or pass a `signal`, which makes the loop throw too
for await (const { value } of gather) console.log(value);
console.log((await gather.summary).reason); // CANCELLED

try {
  await client.cancelRequest("order-18"); // a request of any client, by its id
} catch (error) {
  if (DispatcherError.from(error).reason !== "NOT_FOUND") throw error;
}
await client.close();
