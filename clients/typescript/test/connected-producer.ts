import { expect } from "vitest";
import type { Result } from "../src/gen/ate/dispatcher/v1/result.js";
import type { ProducerOptions } from "../src/index.js";
import type { FakeDispatcher } from "./fake-dispatcher.js";
import { assignment, SentMessages, toProducer, welcome } from "./messages.js";
import type { Peers } from "./peers.js";

type ProduceCall = Awaited<ReturnType<FakeDispatcher["nextProduce"]>>;

/** Creates a producer on topic1 and makes its session live. @returns both sides of it. */
export async function connectProducer(
  peers: Peers,
  options: Partial<ProducerOptions> = {},
  welcomeFields = {},
) {
  const producer = peers.client.createProducer({ topics: ["topic1"], handler: () => null, ...options });
  const { call, sent, hello } = await greetProducer(peers, welcomeFields);
  await producer.ready();
  return { producer, call, sent, hello };
}

/** Accepts the next Produce call and sends Welcome. */
export async function greetProducer(peers: Peers, welcomeFields = {}) {
  const call = await peers.fake.nextProduce();
  const sent = new SentMessages(call);
  const hello = await sent.next("hello");
  call.send(toProducer(welcome(welcomeFields)));
  return { call, sent, hello };
}

/** Sends an assignment. @returns the result in the producer's reply. */
export async function answer(
  call: ProduceCall,
  sent: SentMessages,
  id: string,
  request = {},
): Promise<Result | undefined> {
  call.send(toProducer(assignment(id, request)));
  const reply = await sent.next("reply");
  expect(reply).toMatchObject({ assignmentId: id, more: false });
  return reply.result;
}

/** Waits until a signal fires. @returns its reason. */
export async function aborted(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }
  return signal.reason;
}
