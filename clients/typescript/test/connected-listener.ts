import type { Listener, ListenerOptions } from "../src/index.js";
import { only, ready, toListener } from "./messages.js";
import type { Peers } from "./peers.js";

/** Creates a listener on topic1 and makes its session live. @returns both sides of it. */
export async function connectListener(peers: Peers, options: Partial<ListenerOptions> = {}) {
  const listener = peers.client.createListener({ topics: ["topic1"], ...options });
  const { call, listen } = await greetListener(peers, {
    cursors: [{ topic: "topic1", epoch: "e1", sequence: 0n }],
  });
  await listener.ready();
  return { listener, call, listen };
}

/** Accepts the next Subscribe call and makes its session live. */
export async function greetListener(peers: Peers, readyFields = {}) {
  const call = await peers.fake.nextSubscribe();
  const listen = only((await call.next()).message, "listen");
  call.send(toListener(ready(readyFields)));
  return { call, listen };
}

/** Takes the values of the next results. */
export async function take(listener: Listener, count: number): Promise<unknown[]> {
  const values: unknown[] = [];
  const results = listener[Symbol.asyncIterator]();
  while (values.length < count) values.push((await results.next()).value?.value);
  return values;
}
