import { connectLeanClients } from "../lean/connect.js";
import { OUR_SERVER } from "../our-server.js";
import type { ServedPeer } from "../peer.js";

/**
 * Our server under a cheap load generator: batches in all directions, nothing decoded but ids. It shows more of what the
 * server can do than a client that passes every item to a user.
 */
export const oursLean: ServedPeer = {
  name: "ours-lean",
  title: "ours, lean client",
  server: OUR_SERVER,
  connect: connectLeanClients,
};
