import { createClient } from "ate-dispatcher-client";
import { listenerBufferBytes } from "../listener-buffer.js";
import { OUR_SERVER } from "../our-server.js";
import { OWN_CONNECTION } from "../own-connection.js";
import { ResultPayloads, readSequence, requestPayload } from "../payload.js";
import type { Load, Peer, Send } from "../peer.js";

/** Our server under our own client, both with their defaults: what a user of them gets. */
export const ours: Peer = {
  name: "ours",
  title: "ours",
  server: OUR_SERVER,
  async connect(address: string, load: Load): Promise<Send> {
    const connect = () => createClient({ address, channelOptions: OWN_CONNECTION });
    const payloads = new ResultPayloads(load.shape.payloadBytes);
    const topics = [load.topic];
    const bufferBytes = listenerBufferBytes(load.shape);
    const listeners = Array.from({ length: load.shape.listeners }, (_, index) =>
      connect().createListener({
        topics,
        ...(bufferBytes === 0 ? {} : { bufferBytes }),
        onResult: (result) => {
          const { data } = result;
          if (data === undefined) load.failed(result.error ?? new Error("a result has no data"));
          else load.delivered(index, data, 0, data.length);
        },
        onGap: (gap) => load.failed(new Error(`a listener lost results: ${gap.reason}`)),
      }),
    );
    const producers = Array.from({ length: load.shape.producers }, (_, index) =>
      connect().createProducer({
        topics,
        handler: (request) => payloads.create(readSequence(request.data, 0), index),
      }),
    );
    await Promise.all([...listeners, ...producers].map((participant) => participant.ready()));

    const requester = connect();
    const { topic, ttlMs } = load;
    return (sequence) => {
      requester.dispatch(topic, { data: requestPayload(sequence), ttlMs }).then(
        () => load.accepted(sequence),
        (error: unknown) => load.failed(error),
      );
    };
  },
};
