import { fileURLToPath } from "node:url";
import { connectNaiveClients } from "../naive/client.js";
import type { ServedPeer } from "../peer.js";

/**
 * A dispatcher written in an afternoon with grpc-js and ts-proto; see `naive/server.ts`. Its own contract has flat
 * messages, because ts-proto is slower for nested ones.
 */
export const naive: ServedPeer = {
  name: "naive",
  title: "plain grpc-js",
  server: { command: [process.execPath, fileURLToPath(new URL("../naive/server.js", import.meta.url))] },
  connect: connectNaiveClients,
};
