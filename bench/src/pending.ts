/**
 * Requests that stay outstanding: on a topic of their own, with a producer that takes all and answers none.
 */
import type { ProduceResponse } from "./generated.js";
import { connectOurs } from "./our-clients.js";
import { openProduceStream } from "./plain-client.js";
import type { Trial } from "./trial.js";

const TOPIC = "bench.mute";
const TTL_MS = 600_000;
const OPEN_TIMEOUT_MS = 60_000;
/** Requests on their way at a time while the mass of them is made. */
const WINDOW = 1_000;

/** Makes so many requests, and resolves when all are accepted. The server needs settings that let it. */
export async function openPending(address: string, count: number, trial: Trial): Promise<void> {
  const late = () => `${count} pending requests could not be made in time`;
  await trial.wait(openMuteProducer(address, TOPIC, count, trial), OPEN_TIMEOUT_MS, late);
  const requester = connectOurs(address);
  await trial.wait(
    inWindows(count, () => requester.dispatch(TOPIC, { args: ["pending"], ttlMs: TTL_MS })),
    OPEN_TIMEOUT_MS,
    late,
  );
}

/** Calls so often, with a thousand calls under way at a time. */
export async function inWindows(count: number, call: (index: number) => Promise<unknown>): Promise<void> {
  for (let begin = 0; begin < count; begin += WINDOW) {
    const length = Math.min(WINDOW, count - begin);
    await Promise.all(Array.from({ length }, (_, index) => call(begin + index)));
  }
}

/** Registers a producer that is assigned up to `count` requests and lets them pass. Resolves when it is registered. */
export function openMuteProducer(address: string, topic: string, count: number, trial: Trial): Promise<void> {
  const call = openProduceStream(address, { topics: [topic], failed: trial.fail }, count);
  return new Promise((ready) => {
    call.on("data", ({ messages }: ProduceResponse) => {
      if (messages.some(({ message }) => message?.$case === "welcome")) ready();
    });
  });
}
