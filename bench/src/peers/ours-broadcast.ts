import { ProduceRequest, ProduceResponse } from "ate-dispatcher-client/internal";
import { createBurstSender } from "../broadcast/burst.js";
import { openCall, openLeanSession } from "../lean/call.js";
import { openLeanListener } from "../lean/listener.js";
import { helloMessage } from "../lean/producer.js";
import { connectOurs } from "../our-clients.js";
import { OUR_SERVER } from "../our-server.js";
import { type Load, type Send, type ServedPeer, topicOf } from "../peer.js";

/** Longer than a sample. */
const TTL_MS = 600_000;

/**
 * Our server as a broadcaster: one producer answers one request without end (`more`), in bursts whose frame around the
 * payload is encoded once. The listeners decode nothing but the position of the payload.
 */
export const oursBroadcast: ServedPeer = {
  name: "ours-broadcast",
  title: "ours, in bursts",
  server: OUR_SERVER,
  async connect(address, load) {
    const listeners = Array.from({ length: load.shape.listeners }, (_, index) =>
      openLeanListener(openLeanSession(address, load), load, index),
    );
    await Promise.all(listeners);
    return await openProducer(address, load);
  },
};

/** Opens a producer that is registered and has its assignment. */
function openProducer(address: string, load: Load): Promise<Send> {
  const topic = topicOf(load, 0);
  return new Promise((resolve) => {
    const call = openCall(openLeanSession(address, load), "Produce", load, (bytes, start, end) => {
      for (const { message } of ProduceResponse.decode(bytes.subarray(start, end)).messages) {
        if (message?.$case === "welcome") {
          void connectOurs(address)
            .dispatch(topic, { args: ["all"], ttlMs: TTL_MS })
            .catch(load.failed);
        }
        if (message?.$case === "assignment") {
          const head = headOf(message.value.assignmentId, load);
          const burst = (payloads: readonly Buffer[]) =>
            Buffer.concat(payloads.flatMap((one) => [head, one]));
          resolve(createBurstSender(load, (payloads) => call.write(burst(payloads))));
        }
      }
    });
    call.write(helloMessage(load.topics));
  });
}

/** The bytes before the payload in a message of one result; a message of several results is their concatenation. */
function headOf(assignmentId: string, { payloads }: Load): Buffer {
  const result = { outcome: { $case: "data", value: new Uint8Array(payloads.byteLength) } } as const;
  const reply = { $case: "reply", value: { assignmentId, more: true, result } } as const;
  const bytes = ProduceRequest.encode(
    ProduceRequest.fromPartial({ messages: [{ message: reply }] }),
  ).finish();
  return Buffer.from(bytes.subarray(0, bytes.length - payloads.byteLength));
}
