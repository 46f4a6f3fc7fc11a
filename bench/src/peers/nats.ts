import { connectNats, subscribe } from "../nats/connect.js";
import { NATS_SERVER, natsMissing, natsVersion } from "../nats/server.js";
import { createPayload, readSequence, requestPayload } from "../payload.js";
import { type ServedPeer, topicOf } from "../peer.js";

/** What producers add to a topic to name the subject of its results. */
const RESULTS = ".results";

/**
 * NATS doing the same: producers subscribe to the topics, and publish each answer to the topic's results, to which the
 * listeners subscribe. It keeps no request, so it has no TTL, no end of a request and no summary.
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
