import { createClient } from "ate-dispatcher-client";

const client = createClient({ address: "127.0.0.1:50051" });

const producer = client.createProducer({
  topics: ["topic1", { topic: "quotes.>", group: "desks" }],
  concurrency: 4, // further assignments queue at the dispatcher, within their TTL
  handler: async ({ topic, args, kwargs, signal }) => {
    signal.throwIfAborted(); // fires when the assignment is revoked: expired, cancelled, caller gone
    return { id: 1, some_key: topic, args, kwargs };
  },
});

await producer.ready();
process.once("SIGTERM", () => client.close()); // finishes the assignments, then disconnects
