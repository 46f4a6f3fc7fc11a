import { connectOurs, openProducers } from "../our-clients.js";
import { OUR_SERVER } from "../our-server.js";
import { requestPayload } from "../payload.js";
import { type ServedPeer, topicOf } from "../peer.js";

/** Only the requester receives the results. */
const REQUESTER = 0;

/** Our server and client with gathers: requests and results share the client's Submit stream. */
export const oursGather: ServedPeer = {
  name: "ours-gather",
  title: "ours, gather through Submit",
  server: OUR_SERVER,
  async connect(address, load) {
    await openProducers(address, load);
    const requester = connectOurs(address);
    const { ttlMs } = load;
    const gather = async (sequence: number) => {
      const call = requester.gather(topicOf(load, sequence), { data: requestPayload(sequence), ttlMs });
      for await (const { data } of call) {
        if (data === undefined) throw new Error("a result has no data");
        load.delivered(REQUESTER, data, 0, data.length);
      }
      const { reason } = await call.summary;
      if (reason !== "ALL_ANSWERED") throw new Error(`a gather ended with ${reason}`);
      load.accepted(sequence);
    };
    return (sequence) => void gather(sequence).catch(load.failed);
  },
};
