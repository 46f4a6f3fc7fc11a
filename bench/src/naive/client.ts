/** Clients of the naive dispatcher: generated stubs, a unary call per request. */
import { credentials } from "@grpc/grpc-js";
import { OWN_CONNECTION } from "../own-connection.js";
import { createPayload, readSequence, requestPayload } from "../payload.js";
import { type Load, type Send, topicOf } from "../peer.js";
import { type ListenResponse, NaiveClient, type ProduceResponse } from "./gen/naive.js";

/** Connects naive clients to `address`; see {@link ServedPeer.connect}. */
export async function connectNaiveClients(address: string, load: Load): Promise<Send> {
  const connect = () => new NaiveClient(address, credentials.createInsecure(), OWN_CONNECTION);
  const { producers, listeners } = load.shape;
  await Promise.all([
    ...Array.from({ length: listeners }, (_, index) => openListener(connect(), load, index)),
    ...Array.from({ length: producers }, (_, index) => openProducer(connect(), load, index)),
  ]);
  const client = connect();
  const { ttlMs } = load;
  const topic = topicOf(load, 0);
  return (sequence) => {
    client.dispatch({ topic, data: requestPayload(sequence), ttlMs }, (error) => {
      if (error === null) load.accepted(sequence);
      else load.failed(error);
    });
  };
}

function openProducer(client: NaiveClient, load: Load, index: number): Promise<void> {
  const call = client.produce();
  call.on("error", load.failed);
  call.write({ requestId: "", topic: topicOf(load, 0), data: new Uint8Array() });
  return new Promise((ready) => {
    call.on("data", ({ requestId, data }: ProduceResponse) => {
      if (requestId === "") ready();
      else
        call.write({
          requestId,
          topic: "",
          data: createPayload(load.payloads, readSequence(data, 0), index),
        });
    });
  });
}

function openListener(client: NaiveClient, load: Load, index: number): Promise<void> {
  const call = client.listen({ topic: topicOf(load, 0) });
  call.on("error", load.failed);
  return new Promise((ready) => {
    call.on("data", ({ requestId, data }: ListenResponse) => {
      if (requestId === "") ready();
      else load.delivered(index, data, 0, data.length);
    });
  });
}
