// A peer in a process of its own that can be killed: opens one duplex stream, sends every line of base64 that it is
// given, and prints every message it receives as one, and in the end how the stream ended, as JSON. It ends with its
// stream or with its standard input, so that it never outlives the one who started it.
//
//   node piped-stream.mjs ADDRESS METHOD
import { createInterface } from "node:readline";
import { Client, status as Code, credentials } from "@grpc/grpc-js";

const [address, method] = process.argv.slice(2);
const asItIs = (bytes) => bytes;
const client = new Client(address, credentials.createInsecure());
const call = client.makeBidiStreamRequest(`/ate.dispatcher.v1.DispatcherService/${method}`, asItIs, asItIs);
call.on("data", (message) => process.stdout.write(`${message.toString("base64")}\n`));
call.on("error", () => undefined);
call.on("status", ({ code }) => {
  process.stdout.write(`${JSON.stringify({ code: Code[code], reason: "" })}\n`, () => process.exit(0));
});
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => call.write(Buffer.from(line, "base64")));
lines.on("close", () => process.exit(0));
