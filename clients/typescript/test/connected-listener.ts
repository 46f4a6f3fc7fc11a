import type { Listener, ListenerOptions } from "../src/index.js";
import { only, ready, toListener } from "./messages.js";
import type { Peers } from "./peers.js";

/** A listener on topic1 whose session is live, seen from both sides. */
export async function connectListener(peers: Peers, options: Partial<ListenerOptions> = {}) {
  const listener = peers.client.createListener({ topics: ["topic1"], ...options });
  const { call, listen } = await greetListener(peers, {
    cursors: [{ topic: "topic1", epoch: "e1", sequence: 0n }],
  });
  await listener.ready();
  return { listener, call, listen };
}

/** Takes the next Subscribe call and says that its session is live. */
export async function greetListener(peers: Peers, readyFields = {}) {
  const call = await peers.fake.nextSubscribe();
  const listen = only((await call.next()).message, "listen");
  call.send(toListener(ready(readyFields)));
  return { call, listen };
}

/** The values of the next results. */
export async function take(listener: Listener, count: number): Promise<unknown[]> {
  const values: unknown[] = [];
  const results = listener[Symbol.asyncIterator]();
  while (values.length < count) values.push((await results.next()).value?.value);
  return values;
}
