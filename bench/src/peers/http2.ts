import { once } from "node:events";
import { type ClientHttp2Stream, connect } from "node:http2";
import { fileURLToPath } from "node:url";
import { createBurstSender } from "../broadcast/burst.js";
import { FrameReader, writeFrames } from "../broadcast/frames.js";
import type { Load, ServedPeer } from "../peer.js";

/** Bare node:http2 on both sides: the limit of any broadcast over HTTP/2 in Node. */
export const http2: ServedPeer = {
  name: "http2",
  title: "bare http2",
  server: {
    command: [process.execPath, fileURLToPath(new URL("../broadcast/http2-server.js", import.meta.url))],
  },
  async connect(address, load) {
    const listen = async (_: unknown, index: number) => {
      const stream = await openStream(address, "/listen", load);
      const reader = new FrameReader();
      stream.on("data", (chunk: Buffer) =>
        reader.read(chunk, (bytes, start, end) => load.delivered(index, bytes, start, end)),
      );
    };
    await Promise.all(Array.from({ length: load.shape.listeners }, listen));
    const producer = await openStream(address, "/produce", load);
    producer.resume();
    return createBurstSender(load, (payloads) => void producer.write(writeFrames(payloads)));
  },
};

/** Opens a stream on its own connection. Resolves when the server has responded. */
async function openStream(address: string, path: string, load: Load): Promise<ClientHttp2Stream> {
  const session = connect(`http://${address}`);
  session.on("error", load.failed);
  const stream = session.request({ ":method": "POST", ":path": path }, { endStream: path === "/listen" });
  stream.on("error", load.failed);
  await once(stream, "response");
  return stream;
}
