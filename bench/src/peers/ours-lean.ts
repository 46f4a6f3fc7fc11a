import { connectLeanClients } from "../lean/connect.js";
import { OUR_SERVER } from "../our-server.js";
import type { ServedPeer } from "../peer.js";

/**
 * Our server under a load generator that costs little: batches on all three legs, and nothing decoded but ids. Shows
 * more of what the server can do than a client that also hands every item to a user.
 */
export const oursLean: ServedPeer = {
  name: "ours-lean",
  title: "ours, lean client",
  server: OUR_SERVER,
  connect: connectLeanClients,
};
