/**
 * The limit of broadcasting over HTTP/2 in Node: whatever comes in on /produce goes out to every stream on /listen, one
 * write per stream and turn of the event loop. It knows no messages, no topics, no backpressure.
 */
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";

const listeners = new Set<ServerHttp2Stream>();
let waiting: Buffer[] = [];

function flush(): void {
  const bytes = waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting);
  waiting = [];
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
      if (waiting.push(chunk) === 1) setImmediate(flush);
    });
  }
});
server.listen(0, "127.0.0.1", () => {
  console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
});
