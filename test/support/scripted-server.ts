/**
 * A stand-in for a dispatcher that sends any bytes as results, also those that a dispatcher refuses. Every request and
 * every listener gets the same results, in order.
 */
import {
  type handleBidiStreamingCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { ListenerEvent, SubmitRequest, SubmitResponse } from "ate-dispatcher-client/internal";
import { bytesField, concat, numberField } from "./wire-bytes.js";
import { duration } from "./wire-client.js";

/** A running stand-in. */
export interface ScriptedServer {
  readonly address: string;
  close(): void;
}

const REQUEST_ID = "r1";
const TTL_MS = 5_000;
const HEARTBEAT_MS = 20_000;
/** The field of a delivery in GatherEvent and in ListenerEvent, and of the events in a batch. */
const [DELIVERY, EVENTS] = [1, 1];

/** @param results - encoded Results; the first comes from the producer p1, the second from p2, and so on. */
export async function startScriptedServer(results: readonly Uint8Array[]): Promise<ScriptedServer> {
  const deliveries = results.map((result, index) =>
    bytesField(EVENTS, bytesField(DELIVERY, delivery(result, index))),
  );
  const server = new Server();
  server.addService(METHODS, {
    submit: ((call) => {
      call.on("data", (bytes) => {
        for (const { correlationId } of SubmitRequest.decode(bytes).submissions) {
          call.write(batch({ acceptance: correlationId }));
          for (const bytes of deliveries) call.write(bytes);
          call.write(batch({ summaryOf: results.length }));
        }
      });
      call.on("end", () => call.end());
    }) satisfies handleBidiStreamingCall<Buffer, Buffer>,
    subscribe: ((call) => {
      call.once("data", () => {
        call.write(bytesField(EVENTS, READY));
        for (const bytes of deliveries) call.write(bytes);
      });
      call.on("end", () => call.end());
    }) satisfies handleBidiStreamingCall<Buffer, Buffer>,
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

const verbatim = (bytes: Buffer): Buffer => bytes;

function method(name: string): ServiceDefinition[string] {
  const [requestStream, responseStream] = [true, true];
  const codecs = { requestSerialize: verbatim, requestDeserialize: verbatim };
  const path = `/ate.dispatcher.v1.DispatcherService/${name}`;
  return {
    path,
    requestStream,
    responseStream,
    ...codecs,
    responseSerialize: verbatim,
    responseDeserialize: verbatim,
  };
}

const METHODS: ServiceDefinition = { submit: method("Submit"), subscribe: method("Subscribe") };

const READY = ListenerEvent.encode(
  ListenerEvent.fromPartial({
    event: {
      $case: "ready",
      value: { listenerId: "l1", sessionId: "s1", serverId: "d1", heartbeatInterval: duration(HEARTBEAT_MS) },
    },
  }),
).finish();

function delivery(result: Uint8Array, index: number): Uint8Array {
  return concat(
    bytesField(1, REQUEST_ID),
    bytesField(2, "topic1"),
    bytesField(3, `p${index + 1}`),
    numberField(5, index + 1),
    numberField(7, index + 1),
    bytesField(12, result),
  );
}

/** A batch with an acceptance, or with the summary of a request that all producers have answered. */
function batch({ acceptance, summaryOf = 0 }: { acceptance?: string; summaryOf?: number }): Buffer {
  const counts = { targetedCount: summaryOf, answeredCount: summaryOf };
  const summary = { requestId: REQUEST_ID, topic: "topic1", reason: 1, satisfied: true, ...counts } as const;
  const event =
    acceptance === undefined
      ? ({ $case: "summary", value: summary } as const)
      : ({
          $case: "acceptance",
          value: { requestId: REQUEST_ID, correlationId: acceptance, ttl: duration(TTL_MS) },
        } as const);
  return Buffer.from(SubmitResponse.encode(SubmitResponse.fromPartial({ events: [{ event }] })).finish());
}
