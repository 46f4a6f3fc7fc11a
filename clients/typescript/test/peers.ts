import { afterEach, beforeEach } from "vitest";
import { type ConnectionOptions, createClient, type DispatcherClient } from "../src/index.js";
import { FakeDispatcher } from "./fake-dispatcher.js";

/** A fake dispatcher and a client that is connected to it; new for each test. */
export interface Peers {
  fake: FakeDispatcher;
  client: DispatcherClient;
}

/** Creates the peers before each test of the file, and closes them after it. */
export function usePeers(options: ConnectionOptions = {}): Peers {
  const peers = {} as Peers;
  beforeEach(async () => {
    peers.fake = await FakeDispatcher.start();
    const reconnect = { initialDelayMs: 1, maxDelayMs: 5 };
    peers.client = createClient({ address: peers.fake.address, reconnect, ...options });
  });
  afterEach(async () => {
    peers.fake.stop();
    await peers.client.close({ graceMs: 0 });
  });
  return peers;
}

/** Makes several round trips, so that everything that was sent before has been processed. */
export async function roundTrip({ fake, client }: Peers): Promise<void> {
  fake.onUpdateListener = () => ({ topics: [] });
  for (let trip = 0; trip < 20; trip++) await client.updateListener("l-1", {});
}
