import { connectNats, subscribe } from "../nats/connect.js";
import { NATS_SERVER, natsMissing, natsVersion } from "../nats/server.js";
import { createPayload, readSequence, requestPayload } from "../payload.js";
import { type ServedPeer, topicOf } from "../peer.js";

/** Suffix of a topic for the subject of its results. */
const RESULTS = ".results";

/**
 * NATS: producers subscribe to the topics and publish each result to the topic's results subject, to which listeners
 * subscribe. NATS keeps no requests, so it has no TTL, no completion and no summary.
 */
export const nats: ServedPeer = {
  name: "nats",
  title: "NATS",
  server: NATS_SERVER,
  missing: natsMissing,
  version: natsVersion,
  async connect(address, load) {
    const { payloads, shape, topics } = load;
    const results = topics.map((topic) => topic + RESULTS);
    const listen = async (_: unknown, index: number) => {
      const connection = await connectNats(address, load);
      await subscribe(connection, results, load, (_subject, data) =>
        load.delivered(index, data, 0, data.length),
      );
    };
    const produce = async (_: unknown, index: number) => {
      const connection = await connectNats(address, load);
      await subscribe(connection, topics, load, (subject, data) =>
        connection.publish(subject + RESULTS, createPayload(payloads, readSequence(data, 0), index)),
      );
    };
    await Promise.all([
      ...Array.from({ length: shape.listeners }, listen),
      ...Array.from({ length: shape.producers }, produce),
    ]);
    const requester = await connectNats(address, load);
    return (sequence) => {
      requester.publish(topicOf(load, sequence), requestPayload(sequence));
      load.accepted(sequence);
    };
  },
};
