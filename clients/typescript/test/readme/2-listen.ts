import { createClient } from "ate-dispatcher-client";

const client = createClient({ address: "127.0.0.1:50051" });

const listener = client.createListener({
  topics: ["topic1", "my_topic"],
  onGap: ({ topic, from, to }) => console.warn(`lost ${topic} ${from}-${to}`),
});
await listener.add("topic2"); // topics may change at any time

for await (const result of listener) {
  if (result.error) console.warn(`${result.producerId} failed: ${result.error.message}`);
  else console.log(result.topic, result.producerId, result.value);
}
