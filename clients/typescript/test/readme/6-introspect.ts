import { createClient } from "ate-dispatcher-client";

const client = createClient({ address: "127.0.0.1:50051" });
const { introspect } = client;

for await (const { producerId, outstandingCount, latencyP95Ms } of introspect.producers({ topic: "topic1" }))
  console.log(producerId, outstandingCount, latencyP95Ms);

for await (const { requestId, pending, summary } of introspect.requests()) {
  console.log(requestId, pending ? "pending" : summary.reason);
  const { timeline } = await introspect.request(requestId);
  for (const { atMs, kind, producerId } of timeline) console.log(`${atMs} ms`, kind, producerId);
  break; // a list fetches page by page; leaving the loop stops it
}

for await (const event of introspect.watch({ topic: "topic1", signal: AbortSignal.timeout(60_000) })) {
  if (event.type === "requestEnded") console.log(event.summary.reason, event.summary.missingCount);
  else if (event.type === "server") console.log(event.server.counts.pendingRequests, "pending");
  else if (event.type === "lost") console.warn(`read too slowly: ${event.lostCount} events lost`);
}
