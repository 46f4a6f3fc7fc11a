import { OUR_SERVER } from "../our-server.js";
import type { ServedPeer } from "../peer.js";
import { connectPlainClients } from "../plain-client.js";

/** Our server with generated stubs: unary requests, one reply per message, no batching by the client. */
export const oursPlain: ServedPeer = {
  name: "ours-plain",
  title: "ours, plain unary client",
  server: OUR_SERVER,
  connect: connectPlainClients,
};
