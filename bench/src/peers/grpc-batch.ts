import { fileURLToPath } from "node:url";
import { Client, credentials } from "@grpc/grpc-js";
import { createBurstSender } from "../broadcast/burst.js";
import { FrameReader, writeFrames } from "../broadcast/frames.js";
import { BROADCAST } from "../broadcast/grpc-service.js";
import { OWN_CONNECTION } from "../own-connection.js";
import type { Load, ServedPeer } from "../peer.js";

const { produce, listen } = BROADCAST;

/** grpc-js alone, with a batch per message: the limit of what our server can reach by batching. */
export const grpcBatch: ServedPeer = {
  name: "grpc-batch",
  title: "grpc-js, raw batches",
  server: {
    command: [process.execPath, fileURLToPath(new URL("../broadcast/grpc-server.js", import.meta.url))],
  },
  async connect(address, load) {
    const connect = () => new Client(address, credentials.createInsecure(), OWN_CONNECTION);
    const listeners = Array.from({ length: load.shape.listeners }, (_, index) =>
      openListener(connect(), load, index),
    );
    await Promise.all(listeners);
    const call = connect().makeBidiStreamRequest(
      produce.path,
      produce.requestSerialize,
      produce.responseDeserialize,
    );
    call.on("error", load.failed);
    return createBurstSender(load, (payloads) => void call.write(writeFrames(payloads)));
  },
};

function openListener(client: Client, load: Load, index: number): Promise<void> {
  const call = client.makeServerStreamRequest(
    listen.path,
    listen.requestSerialize,
    listen.responseDeserialize,
    Buffer.alloc(0),
  );
  const reader = new FrameReader();
  call.on("error", load.failed);
  return new Promise((ready) => {
    call.on("data", (batch: Buffer) => {
      if (batch.length === 0) ready();
      reader.read(batch, (bytes, start, end) => load.delivered(index, bytes, start, end));
    });
  });
}
