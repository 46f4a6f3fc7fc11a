/** Requests that stay outstanding: on their own topic, with a producer that accepts all and answers none. */
import type { ProduceResponse } from "ate-dispatcher-client/internal";
import { connectOurs } from "./our-clients.js";
import { openProduceStream } from "./plain-client.js";
import type { Trial } from "./trial.js";

const TOPIC = "bench.mute";
const TTL_MS = 600_000;
const OPEN_TIMEOUT_MS = 60_000;
/** Calls in flight at a time. */
const WINDOW = 1_000;

/** Sends this many requests. Resolves when all are accepted. The settings of the server must allow that many. */
export async function openPending(address: string, count: number, trial: Trial): Promise<void> {
  const late = () => `${count} pending requests were not accepted in time`;
  await trial.wait(openMuteProducer(address, TOPIC, count, trial), OPEN_TIMEOUT_MS, late);
  const requester = connectOurs(address);
  await trial.wait(
    inWindows(count, () => requester.dispatch(TOPIC, { args: ["pending"], ttlMs: TTL_MS })),
    OPEN_TIMEOUT_MS,
    late,
  );
}

/** Makes `count` calls, up to a thousand at a time. */
export async function inWindows(count: number, call: (index: number) => Promise<unknown>): Promise<void> {
  for (let begin = 0; begin < count; begin += WINDOW) {
    const length = Math.min(WINDOW, count - begin);
    await Promise.all(Array.from({ length }, (_, index) => call(begin + index)));
  }
}

/** Registers a producer that accepts up to `count` assignments and answers none. Resolves when it is registered. */
export function openMuteProducer(address: string, topic: string, count: number, trial: Trial): Promise<void> {
  const call = openProduceStream(address, { topics: [topic], failed: trial.fail }, count);
  return new Promise((ready) => {
    call.on("data", ({ messages }: ProduceResponse) => {
      if (messages.some(({ message }) => message?.$case === "welcome")) ready();
    });
  });
}
