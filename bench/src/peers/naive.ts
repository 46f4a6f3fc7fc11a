import { fileURLToPath } from "node:url";
import { connectNaiveClients } from "../naive/client.js";
import type { ServedPeer } from "../peer.js";

/**
 * What one would write in an afternoon with grpc-js and ts-proto: see `naive/server.ts`. It has a contract of its own,
 * with flat messages: ts-proto pays for every level of nesting, which would make it slower than it need be.
 */
export const naive: ServedPeer = {
  name: "naive",
  title: "naive",
  server: { command: [process.execPath, fileURLToPath(new URL("../naive/server.js", import.meta.url))] },
  connect: connectNaiveClients,
};
