/** Participants made with our client library and its defaults, each on its own TCP connection. */
import { createClient, type DispatcherClient, type DispatcherError, status } from "ate-dispatcher-client";
import { listenerBufferBytes } from "./listener-buffer.js";
import { OWN_CONNECTION } from "./own-connection.js";
import { createPayload, readSequence, requestPayload } from "./payload.js";
import { type Load, type Send, topicOf } from "./peer.js";

/** Connects all participants to `address`; see {@link ServedPeer.connect}. */
export async function connectOurClients(address: string, load: Load): Promise<Send> {
  await Promise.all([openListeners(address, load), openProducers(address, load)]);
  const requester = connectOurs(address);
  const { ttlMs } = load;
  return (sequence) => {
    requester.dispatch(topicOf(load, sequence), { data: requestPayload(sequence), ttlMs }).then(
      () => load.accepted(sequence),
      (error: DispatcherError) => {
        if (error.code === status.RESOURCE_EXHAUSTED) load.shed(sequence);
        else load.failed(error);
      },
    );
  };
}

/** Creates a client with its own connection. */
export function connectOurs(address: string): DispatcherClient {
  return createClient({ address, channelOptions: OWN_CONNECTION });
}

/** Connects the producers. Resolves when all are registered. */
export async function openProducers(address: string, { topics, shape, payloads }: Load): Promise<void> {
  const producers = Array.from({ length: shape.producers }, (_, index) =>
    connectOurs(address).createProducer({
      topics,
      handler: (request) => createPayload(payloads, readSequence(request.data, 0), index),
    }),
  );
  await Promise.all(producers.map((producer) => producer.ready()));
}

async function openListeners(address: string, load: Load): Promise<void> {
  const bufferBytes = listenerBufferBytes(load.shape);
  const listeners = Array.from({ length: load.shape.listeners }, (_, index) =>
    connectOurs(address).createListener({
      topics: load.topics,
      ...(bufferBytes === 0 ? {} : { bufferBytes }),
      onResult: (result) => {
        const { data } = result;
        if (data === undefined) load.failed(result.error ?? new Error("a result has no data"));
        else load.delivered(index, data, 0, data.length);
      },
      onGap: ({ lostCount }) => load.lost(Number(lostCount)),
    }),
  );
  await Promise.all(listeners.map((listener) => listener.ready()));
}
