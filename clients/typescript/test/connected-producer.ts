import { expect } from "vitest";
import type { Result } from "../src/gen/ate/dispatcher/v1/result.js";
import type { ProducerOptions } from "../src/index.js";
import type { FakeDispatcher } from "./fake-dispatcher.js";
import { assignment, Said, toProducer, welcome } from "./messages.js";
import type { Peers } from "./peers.js";

type ProduceCall = Awaited<ReturnType<FakeDispatcher["nextProduce"]>>;

/** A producer on topic1 whose session is live, seen from both sides. */
export async function connectProducer(
  peers: Peers,
  options: Partial<ProducerOptions> = {},
  welcomeFields = {},
) {
  const producer = peers.client.createProducer({ topics: ["topic1"], handler: () => null, ...options });
  const { call, said, hello } = await greetProducer(peers, welcomeFields);
  await producer.ready();
  return { producer, call, said, hello };
}

/** Takes the next Produce call and welcomes its producer. */
export async function greetProducer(peers: Peers, welcomeFields = {}) {
  const call = await peers.fake.nextProduce();
  const said = new Said(call);
  const hello = await said.next("hello");
  call.send(toProducer(welcome(welcomeFields)));
  return { call, said, hello };
}

/** Assigns a request and returns the result of its reply. */
export async function answer(
  call: ProduceCall,
  said: Said,
  id: string,
  request = {},
): Promise<Result | undefined> {
  call.send(toProducer(assignment(id, request)));
  const reply = await said.next("reply");
  expect(reply).toMatchObject({ assignmentId: id, more: false });
  return reply.result;
}

/** What a signal was aborted with. */
export async function aborted(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }
  return signal.reason;
}
