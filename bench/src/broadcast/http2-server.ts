/**
 * The limit of broadcasting over HTTP/2 in Node: all bytes from /produce go to every stream on /listen, with one write per
 * stream and event-loop turn. It has no messages, no topics and no backpressure.
 */
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";

const listeners = new Set<ServerHttp2Stream>();
let queued: Buffer[] = [];

function flush(): void {
  const bytes = queued.length === 1 ? (queued[0] as Buffer) : Buffer.concat(queued);
  queued = [];
  for (const listener of listeners) listener.write(bytes);
}

const server = createServer();
server.on("stream", (stream, headers) => {
  stream.respond({ ":status": 200 });
  stream.on("error", () => stream.close());
  if (headers[":path"] === "/listen") {
    listeners.add(stream);
    stream.on("close", () => listeners.delete(stream));
  } else {
    stream.on("data", (chunk: Buffer) => {
      if (queued.push(chunk) === 1) setImmediate(flush);
    });
  }
});
server.listen(0, "127.0.0.1", () => {
  console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
});
