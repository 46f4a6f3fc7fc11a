import { connectNats, subscribe } from "../nats/connect.js";
import { NATS_SERVER, natsMissing, natsVersion } from "../nats/server.js";
import { createPayload, readSequence, requestPayload } from "../payload.js";
import { type ServedPeer, topicOf } from "../peer.js";

/** Only the requester receives the results. */
const REQUESTER = 0;

/** The gather of nats.js: requestMany, which ends when every producer has answered. */
export const natsRequestMany: ServedPeer = {
  name: "nats-request-many",
  title: "NATS requestMany",
  server: NATS_SERVER,
  missing: natsMissing,
  version: natsVersion,
  async connect(address, load) {
    const { payloads, shape, topics } = load;
    const produce = async (_: unknown, index: number) => {
      const connection = await connectNats(address, load);
      await subscribe(connection, topics, load, (_subject, data, respond) => {
        if (!respond(createPayload(payloads, readSequence(data, 0), index))) {
          load.failed(new Error("a request has no reply subject"));
        }
      });
    };
    await Promise.all(Array.from({ length: shape.producers }, produce));
    const requester = await connectNats(address, load);
    const options = { strategy: "count", maxMessages: shape.producers, maxWait: load.ttlMs } as const;
    const gather = async (sequence: number) => {
      const answers = await requester.requestMany(topicOf(load, sequence), requestPayload(sequence), options);
      for await (const { data } of answers) load.delivered(REQUESTER, data, 0, data.length);
      load.accepted(sequence);
    };
    return (sequence) => void gather(sequence).catch(load.failed);
  },
};
