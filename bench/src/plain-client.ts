/** The plainest clients of our server: generated stubs, a unary call per request, one reply per message. */
import { type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import {
  DispatcherServiceClient,
  DispatchRequest,
  ListenRequest,
  type ListenResponse,
  ProduceRequest,
  type ProduceResponse,
} from "ate-dispatcher-client/internal";
import { listenerBufferBytes } from "./listener-buffer.js";
import { OWN_CONNECTION } from "./own-connection.js";
import { createPayload, readSequence, requestPayload } from "./payload.js";
import { type Load, type Send, topicOf } from "./peer.js";

/** Connects plain clients to `address`; see {@link ServedPeer.connect}. */
export async function connectPlainClients(address: string, load: Load): Promise<Send> {
  const { producers, listeners } = load.shape;
  await Promise.all([
    ...Array.from({ length: listeners }, (_, index) => openListener(connect(address), load, index)),
    ...Array.from({ length: producers }, (_, index) => openProducer(address, load, index)),
  ]);
  return createRequester(connect(address), load);
}

function connect(address: string): DispatcherServiceClient {
  return new DispatcherServiceClient(address, credentials.createInsecure(), OWN_CONNECTION);
}

function createRequester(client: DispatcherServiceClient, load: Load): Send {
  const ttl = { seconds: BigInt(Math.floor(load.ttlMs / 1000)), nanos: (load.ttlMs % 1000) * 1_000_000 };
  return (sequence) => {
    const request = { topic: topicOf(load, sequence), data: requestPayload(sequence), ttl };
    client.dispatch(DispatchRequest.fromPartial({ request }), (error) => {
      if (error === null) load.accepted(sequence);
      else load.failed(error);
    });
  };
}

/**
 * Opens a Produce stream and sends its Hello.
 *
 * @param maxOutstanding - as in `Hello`; 0 for the server's default.
 */
export function openProduceStream(
  address: string,
  load: Pick<Load, "topics" | "failed">,
  maxOutstanding = 0,
): ClientDuplexStream<ProduceRequest, ProduceResponse> {
  const call = connect(address).produce();
  call.on("error", load.failed);
  call.write(hello(load.topics, maxOutstanding));
  return call;
}

function openProducer(address: string, load: Load, index: number): Promise<void> {
  const call = openProduceStream(address, load);
  return new Promise((ready) => {
    call.on("data", ({ messages }: ProduceResponse) => {
      for (const { message } of messages) {
        if (message?.$case === "welcome") ready();
        if (message?.$case !== "assignment") continue;
        const { assignmentId, request } = message.value;
        if (request === undefined) load.failed(new Error("an assignment has no request"));
        else
          call.write(
            replyWith(assignmentId, createPayload(load.payloads, readSequence(request.data, 0), index)),
          );
      }
    });
  });
}

function hello(topics: readonly string[], maxOutstanding: number): ProduceRequest {
  return ProduceRequest.fromPartial({
    messages: [
      {
        message: {
          $case: "hello",
          value: { registrations: topics.map((topic) => ({ topic })), maxOutstanding },
        },
      },
    ],
  });
}

/** One final reply with these bytes. */
export function replyWith(assignmentId: string, data: Uint8Array): ProduceRequest {
  const result = { outcome: { $case: "data", value: data }, contentType: "", attributes: {} } as const;
  return { messages: [{ message: { $case: "reply", value: { assignmentId, more: false, result } } }] };
}

function openListener(client: DispatcherServiceClient, load: Load, index: number): Promise<void> {
  const call = client.listen(listenRequest(load));
  call.on("error", load.failed);
  return new Promise((ready) => {
    call.on("data", ({ events }: ListenResponse) => {
      for (const { event } of events) {
        if (event?.$case === "ready") ready();
        if (event?.$case === "gap") load.failed(new Error("a listener lost results"));
        if (event?.$case !== "delivery") continue;
        const outcome = event.value.result?.outcome;
        if (outcome?.$case !== "data") load.failed(new Error("a result has no data"));
        else load.delivered(index, outcome.value, 0, outcome.value.length);
      }
    });
  });
}

function listenRequest({ topics, shape }: Load): ListenRequest {
  return ListenRequest.fromPartial({ topics, bufferBytes: listenerBufferBytes(shape) });
}
