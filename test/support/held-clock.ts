/**
 * A dispatcher whose clock advances only when a test advances it. Sockets and processes run in real time, so a test can
 * await everything that must happen within a TTL, however busy the machine is, and then let the TTL expire.
 *
 * ```ts
 * const { address, advance } = await startHeldServer();
 * const gather = connect(address).gather({ topic, ttl: duration(50) });
 * producer.answer(await producer.next("assignment"), "in time");
 * await gather.next("delivery");
 * advance(50);
 * ```
 */
import { performance } from "node:perf_hooks";
import { onTestFinished, vi } from "vitest";
import type { DispatcherOptions } from "../../src/compose.js";
import { type Served, serve } from "./in-process.js";

/** The runtime may process a deadline this many milliseconds late, together with later deadlines. */
const TICK_MS = 7;

/** Globals to fake: the time of day and the timers. The monotonic clock is imported and not a global; it is mocked. */
const FAKED_GLOBALS = ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] as const;

/** A dispatcher and its clock. */
export interface HeldServer extends Served {
  /** Starts the drain. */
  drain(): void;
  /** Advances the clock by a number of milliseconds and fires every timer that becomes due. */
  advance(ms: number): void;
}

/**
 * Serves in this process until the test is over; the clock and the timers of the process stand still until then. Call it
 * before anything else that reads the clock.
 */
export async function startHeldServer(options: DispatcherOptions = {}): Promise<HeldServer> {
  const { server, release } = await hold(options);
  onTestFinished(release);
  return server;
}

/** Does the same for a whole file: call it in `beforeAll` and call `release` in `afterAll`. */
export async function hold(
  options: DispatcherOptions = {},
): Promise<{ readonly server: HeldServer; release(): Promise<void> }> {
  const [startedAt, timeOfDay] = [performance.now(), Date.now()];
  vi.useFakeTimers({ toFake: [...FAKED_GLOBALS], now: timeOfDay });
  const monotonic = vi.spyOn(performance, "now").mockImplementation(() => startedAt + Date.now() - timeOfDay);
  const { dispatcher, address, stop } = await serve(options);
  const server: HeldServer = {
    address,
    drain: () => void dispatcher.drain(),
    advance: (ms) => void vi.advanceTimersByTime(ms + TICK_MS),
  };
  async function release(): Promise<void> {
    let isStopped = false;
    const stopped = stop().finally(() => {
      isStopped = true;
    });
    while (!isStopped) {
      vi.advanceTimersByTime(TICK_MS);
      await new Promise(setImmediate);
    }
    monotonic.mockRestore();
    vi.useRealTimers();
    await stopped;
  }
  return { server, release };
}
