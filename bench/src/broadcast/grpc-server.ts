/**
 * The limit of broadcasting with grpc-js: each incoming batch goes to every listener as one message, without decoding or
 * encoding.
 */
import { Server, ServerCredentials, type ServerDuplexStream, type ServerWritableStream } from "@grpc/grpc-js";
import { BROADCAST } from "./grpc-service.js";

const listeners = new Set<ServerWritableStream<Buffer, Buffer>>();

const server = new Server();
server.addService(BROADCAST, {
  produce(call: ServerDuplexStream<Buffer, Buffer>) {
    call.on("data", (batch: Buffer) => {
      for (const listener of listeners) listener.write(batch);
    });
    call.on("end", () => call.end());
    call.on("error", () => call.end());
  },
  listen(call: ServerWritableStream<Buffer, Buffer>) {
    listeners.add(call);
    // An empty message confirms the registration.
    call.write(Buffer.alloc(0));
    call.on("close", () => listeners.delete(call));
    call.on("error", () => listeners.delete(call));
  },
});
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(`listening on 127.0.0.1:${port}`);
});
