import { OUR_SERVER } from "../our-server.js";
import type { ServedPeer } from "../peer.js";
import { connectPlainClients } from "../plain-client.js";

/** Our server as any generated client meets it: unary requests, one reply a message, nothing batched by the client. */
export const oursPlain: ServedPeer = {
  name: "ours-plain",
  title: "ours, plain unary client",
  server: OUR_SERVER,
  connect: connectPlainClients,
};
