/** The program for the TypeScript client; see peers.ts. */
import { createInterface } from "node:readline";
import {
  Client,
  credentials,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { createClient } from "ate-dispatcher-client";
import { spread } from "../statistics.js";

const identity = (bytes: Buffer) => bytes;
const ECHO: MethodDefinition<Buffer, Buffer> = {
  path: "/bench.Echo/Echo",
  requestStream: false,
  responseStream: false,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
};
const PAYLOAD = Buffer.alloc(100, "x");

const [part, address = "", topic = "", echoAddress = ""] = process.argv.slice(2);
if (part === "echo") await echo();
else if (part === "produce") await produce();
else await measure();

async function echo(): Promise<void> {
  const server = new Server();
  server.addService(
    { echo: ECHO },
    {
      echo: ({ request }: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) =>
        answer(null, request),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  console.log(`listening on 127.0.0.1:${port}`);
  await inputEnds();
  server.forceShutdown();
}

async function produce(): Promise<void> {
  const client = createClient({ address });
  const producer = client.createProducer({ topics: [topic], handler: ({ data }) => data });
  await producer.ready();
  console.log("ready");
  await inputEnds();
  await client.close();
}

async function measure(): Promise<void> {
  const client = createClient({ address });
  const plain = new Client(echoAddress, credentials.createInsecure());
  const operations: Readonly<Record<string, () => Promise<void>>> = {
    gather: async () => {
      const gather = client.gather(topic, { data: PAYLOAD });
      for await (const { data } of gather) check(data);
      await gather.summary;
    },
    echo: () =>
      new Promise((resolve, reject) => {
        plain.makeUnaryRequest(ECHO.path, identity, identity, PAYLOAD, (error, answer) => {
          check(answer);
          if (error) reject(error);
          else resolve();
        });
      }),
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const [kind = "", count] = line.split(" ");
    const durations: number[] = [];
    for (let trip = 0; trip < Number(count); trip++) {
      const startedAt = performance.now();
      await operations[kind]?.();
      durations.push((performance.now() - startedAt) * 1_000);
    }
    console.log(spread(durations).median);
  }
  plain.close();
  await client.close();
}

function check(answer: Uint8Array | undefined): void {
  if (answer?.length !== PAYLOAD.length) throw new Error("the answer differs from the request");
}

async function inputEnds(): Promise<void> {
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once("end", resolve));
}
