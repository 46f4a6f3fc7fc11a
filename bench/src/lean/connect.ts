/** The lean clients: streams of raw batches over node:http2, without stubs and without grpc-js. */
import type { Load, Send } from "../peer.js";
import { openLeanSession } from "./call.js";
import { openLeanListener } from "./listener.js";
import { openLeanProducer } from "./producer.js";
import { createLeanRequester } from "./requester.js";

/** The receive window of our own client; with the default of 64 KiB a busy server waits for window updates. */
const WINDOW_BYTES = 1024 * 1024;

/** Connects lean clients to `address`; see {@link ServedPeer.connect}. */
export async function connectLeanClients(address: string, load: Load): Promise<Send> {
  const connect = () => openLeanSession(address, load, WINDOW_BYTES);
  await Promise.all([
    ...Array.from({ length: load.shape.listeners }, (_, index) => openLeanListener(connect(), load, index)),
    ...Array.from({ length: load.shape.producers }, (_, index) => openLeanProducer(connect(), load, index)),
  ]);
  return createLeanRequester(connect(), load);
}
