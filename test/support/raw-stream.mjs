// A peer in a process of its own, which a test can kill. Opens one bidirectional stream, sends the given messages, prints
// every message that it receives as a line of base64, and never exits by itself.
//
//   node raw-stream.mjs ADDRESS METHOD MESSAGE...     messages in base64
import { Client, credentials } from "@grpc/grpc-js";

const [address, method, ...messages] = process.argv.slice(2);
const verbatim = (bytes) => bytes;
const client = new Client(address, credentials.createInsecure());
const call = client.makeBidiStreamRequest(
  `/ate.dispatcher.v1.DispatcherService/${method}`,
  verbatim,
  verbatim,
);
call.on("data", (message) => console.log(message.toString("base64")));
call.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
for (const message of messages) call.write(Buffer.from(message, "base64"));
