/**
 * A fleet query: every agent of a site is asked how it is, and the answer is complete: who said what, who was silent,
 * and who has gone. Nobody has to know how many agents there are, nor to guess when the last one has answered.
 *
 *   npx tsc -b tsconfig.examples.json && node dist-examples/fleet-query.js
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createDispatcher } from "ate-dispatcher";
import { createClient, type Handler } from "ate-dispatcher-client";

// This file is also the program of the agent that breaks down; see below.
const [, , role, address] = process.argv;
if (role === "agent") await breakDown(address ?? "");
else await main();

async function main(): Promise<void> {
  // A dispatcher of our own, unless one is running already.
  const running = process.env["ATE_DISPATCHER_ADDRESS"];
  const dispatcher = running ? undefined : createDispatcher({ listen: ["127.0.0.1:0"], logLevel: "warn" });
  await dispatcher?.start();
  const [own = ""] = dispatcher?.addresses ?? [];
  const there = running || own;
  const client = createClient({ address: there });

  // Every agent answers whatever begins with "fleet.", and says with labels what it is.
  const agent = (id: string, site: string, handler: Handler) =>
    client.createProducer({ id, topics: ["fleet.>"], labels: { site }, handler });
  const agents = [
    agent("edge-1", "north", () => ({ load: 0.4 })),
    agent("edge-2", "north", () => ({ load: 0.7 })),
    // This one hangs: it never answers, and so is silent until the TTL is over.
    agent("edge-3", "north", () => new Promise(() => {})),
    // This one is somewhere else, and so is not asked.
    agent("edge-5", "south", () => ({ load: 0.1 })),
  ];
  await Promise.all(agents.map((each) => each.ready()));

  // This one breaks down while it works, so it has to be a process of its own. It says when it is ready.
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

  // edge-3 never finishes, so there is nothing to wait for.
  await client.close({ graceMs: 0 });
  await dispatcher?.drain();
}

/** An agent whose machine loses its power as soon as it is asked: no answer, no goodbye. */
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
