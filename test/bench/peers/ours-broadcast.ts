import type {
  ProduceRequest,
  ProduceResponse,
} from "../../../src/gen/ate/dispatcher/v1/dispatcher_service.js";
import { createBurstSender } from "../broadcast/burst.js";
import { connectLean } from "../lean/call.js";
import { openLeanListener } from "../lean/listener.js";
import { connectOurs } from "../our-clients.js";
import { OUR_SERVER } from "../our-server.js";
import { type Load, type ServedPeer, topicOf } from "../peer.js";
import { openProduceStream } from "../plain-client.js";

/** Longer than a sample. */
const TTL_MS = 600_000;

/**
 * Our server broadcasting: one request that one producer answers without end (`more`), in bursts; the listeners decode
 * nothing but the payload's place.
 */
export const oursBroadcast: ServedPeer = {
  name: "ours-broadcast",
  title: "ours, in bursts",
  server: OUR_SERVER,
  async connect(address, load) {
    const listeners = Array.from({ length: load.shape.listeners }, (_, index) =>
      openLeanListener(connectLean(address, load), load, index),
    );
    await Promise.all(listeners);
    return await openProducer(address, load);
  },
};

/** A producer that has registered and been asked. */
async function openProducer(address: string, load: Load) {
  const topic = topicOf(load, 0);
  const call = openProduceStream(address, load);
  const assigned = new Promise<string>((resolve) => {
    call.on("data", ({ messages }: ProduceResponse) => {
      for (const { message } of messages) {
        if (message?.$case === "welcome") {
          const args = ["all"];
          void connectOurs(address).dispatch(topic, { args, ttlMs: TTL_MS }).catch(load.failed);
        }
        if (message?.$case === "assignment") resolve(message.value.assignmentId);
      }
    });
  });
  const assignmentId = await assigned;
  return createBurstSender(load, (payloads) => void call.write(burst(assignmentId, payloads)));
}

function burst(assignmentId: string, payloads: readonly Buffer[]): ProduceRequest {
  const messages = payloads.map((value) => {
    const result = { outcome: { $case: "data", value }, contentType: "", attributes: {} } as const;
    return { message: { $case: "reply", value: { assignmentId, more: true, result } } } as const;
  });
  return { messages };
}
