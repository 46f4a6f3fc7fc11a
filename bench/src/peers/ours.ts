import { connectOurClients } from "../our-clients.js";
import { OUR_SERVER } from "../our-server.js";
import type { ServedPeer } from "../peer.js";

/** Our server and our client, both with their defaults: what a user gets. */
export const ours: ServedPeer = {
  name: "ours",
  title: "ours",
  server: OUR_SERVER,
  connect: connectOurClients,
};
