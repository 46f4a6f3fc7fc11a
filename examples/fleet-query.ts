/**
 * A fleet query: every agent of a site is asked for its health. The summary is complete: it names the agents that
 * answered, stayed silent or departed. No program needs to know the number of agents or to guess when the last one has
 * answered.
 *
 *   npx tsc -b tsconfig.examples.json && node dist-examples/fleet-query.js
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createDispatcher } from "ate-dispatcher";
import { createClient, type Handler } from "ate-dispatcher-client";

// This file is also the program of the agent that crashes; see below.
const [, , role, address] = process.argv;
if (role === "agent") await breakDown(address ?? "");
else await main();

async function main(): Promise<void> {
  // Starts a dispatcher, unless the environment names a running one.
  const running = process.env["ATE_DISPATCHER_ADDRESS"];
  const dispatcher = running ? undefined : createDispatcher({ listen: ["127.0.0.1:0"], logLevel: "warn" });
  await dispatcher?.start();
  const [own = ""] = dispatcher?.addresses ?? [];
  const there = running || own;
  const client = createClient({ address: there });

  // Every agent answers requests on all topics below "fleet" and has a label with its site.
  const agent = (id: string, site: string, handler: Handler) =>
    client.createProducer({ id, topics: ["fleet.>"], labels: { site }, handler });
  const agents = [
    agent("edge-1", "north", () => ({ load: 0.4 })),
    agent("edge-2", "north", () => ({ load: 0.7 })),
    // This agent hangs: it never answers, so it is silent until the end of the TTL.
    agent("edge-3", "north", () => new Promise(() => {})),
    // This agent is at another site, so it is not asked.
    agent("edge-5", "south", () => ({ load: 0.1 })),
  ];
  await Promise.all(agents.map((each) => each.ready()));

  // This agent crashes while it works, so it runs in a process of its own. It sends a message when it is ready.
  const edge4 = fork(fileURLToPath(import.meta.url), ["agent", there]);
  await once(edge4, "message");

  const gather = client.gather("fleet.health", { ttlMs: 800, selector: { matchLabels: { site: "north" } } });
  const { targets } = await gather.acceptance;
  console.log(`asked: ${names(targets)}`);
  for await (const { producerId, value } of gather)
    console.log(`${producerId} says ${JSON.stringify(value)}`);

  const { reason, outcomes } = await gather.summary;
  const whoIs = (state: string) => names(outcomes.filter((outcome) => outcome.state === state));
  console.log(`${reason}`);
  console.log(`silent: ${whoIs("MISSED")}`);
  console.log(`departed: ${whoIs("DEPARTED")}`);

  // edge-3 never answers, so do not wait for it.
  await client.close({ graceMs: 0 });
  await dispatcher?.drain();
}

/** Runs an agent whose machine loses power as soon as it is asked: it neither answers nor drains. */
async function breakDown(there: string): Promise<void> {
  const producer = createClient({ address: there }).createProducer({
    id: "edge-4",
    topics: ["fleet.>"],
    labels: { site: "north" },
    handler: () => {
      process.kill(process.pid, "SIGKILL");
    },
  });
  await producer.ready();
  process.send?.("ready");
}

function names(producers: readonly { readonly producerId: string }[]): string {
  const sorted = producers.map(({ producerId }) => producerId).sort();
  return sorted.join(", ") || "nobody";
}
