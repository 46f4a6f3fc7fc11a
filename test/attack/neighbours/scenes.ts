/** Honest parties beside the usual neighbours, which some attacks aim at. */
import { createClient, type DispatcherClient } from "ate-dispatcher-client";
import type { SceneName } from "../attack.js";
import { ThrottledLink } from "./throttled-link.js";

/** The topic of the producers on slow links. */
export const SLOW_LINK_TOPIC = "slow.links";

const SLOW_PRODUCERS = 5;
const BITS_PER_SECOND = 100_000_000;

/** A scene that has been set up. */
export interface Scene {
  /** What happened to its parties. */
  problems(): readonly string[];
  close(): void;
}

/** Sets up a scene. */
export function setUp(name: SceneName | undefined, address: string): Promise<Scene> {
  return name === undefined ? Promise.resolve(NO_SCENE) : producersOnSlowLinks(address);
}

const NO_SCENE: Scene = { problems: () => [], close: () => undefined };

/** Producers that read as fast as links of 100 Mbit/s allow. */
async function producersOnSlowLinks(address: string): Promise<Scene> {
  const clients: DispatcherClient[] = [];
  const links: ThrottledLink[] = [];
  const reasons: string[] = [];
  for (let i = 0; i < SLOW_PRODUCERS; i++) {
    const link = await ThrottledLink.to(address, BITS_PER_SECOND);
    const client = createClient({ address: link.address });
    links.push(link);
    clients.push(client);
    const producer = client.createProducer({
      id: `slow-link-${i}`,
      topics: [SLOW_LINK_TOPIC],
      concurrency: 256,
      handler: () => i,
      onStatus: (status) => {
        if (status.type === "disconnected" || status.type === "closed")
          reasons.push(status.error?.reason ?? status.type);
      },
    });
    await producer.ready();
  }
  return {
    problems: () =>
      reasons.length === 0
        ? []
        : [
            `${reasons.length} of ${SLOW_PRODUCERS} reading producers cut (${[...new Set(reasons)].join(", ")})`,
          ],
    close: () => {
      for (const client of clients) void client.close({ graceMs: 0 });
      for (const link of links) link.close();
    },
  };
}
