/** Calls of the dispatcher whose messages go out and come in as they are. */
import type { Client, ClientDuplexStream, ClientReadableStream } from "@grpc/grpc-js";

const SERVICE = "/ate.dispatcher.v1.DispatcherService/";

/** Opens a bidirectional stream of raw messages. */
export function openRawDuplex(client: Client, method: string): ClientDuplexStream<Buffer, Buffer> {
  return client.makeBidiStreamRequest(SERVICE + method, asItIs, asItIs);
}

/** Opens a server stream of raw messages. */
export function openRawStream(client: Client, method: string, request: Buffer): ClientReadableStream<Buffer> {
  return client.makeServerStreamRequest(SERVICE + method, asItIs, asItIs, request);
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}
