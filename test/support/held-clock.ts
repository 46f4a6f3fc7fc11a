/**
 * A dispatcher whose time passes only when a test says so. Sockets and processes go on as ever, so a test can await
 * whatever has to happen within a TTL, however busy the machine is, and let the TTL end then.
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

/** The pacemaker lets deadlines within so many milliseconds pass together. */
const TICK_MS = 7;

/** The time of day and the timers. The monotonic clock is held beside, since it is imported and no global. */
const HELD = ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] as const;

/** A dispatcher, and its clock. */
export interface HeldServer extends Served {
  /** Begins to drain. */
  drain(): void;
  /** Lets so many milliseconds pass, and whatever is due within them happen. */
  advance(ms: number): void;
}

/**
 * Serves until the test is over, in this process, whose clock and timers stand still until then. To be called before
 * anything else that looks at the time.
 */
export async function startHeldServer(options: DispatcherOptions = {}): Promise<HeldServer> {
  const { server, release } = await hold(options);
  onTestFinished(release);
  return server;
}

/** Serves like that from `beforeAll` until `release`. */
export async function hold(
  options: DispatcherOptions = {},
): Promise<{ readonly server: HeldServer; release(): Promise<void> }> {
  const [beganAt, timeOfDay] = [performance.now(), Date.now()];
  vi.useFakeTimers({ toFake: [...HELD], now: timeOfDay });
  const monotonic = vi.spyOn(performance, "now").mockImplementation(() => beganAt + Date.now() - timeOfDay);
  const { dispatcher, address, stop } = await serve(options);
  const server: HeldServer = {
    address,
    drain: () => void dispatcher.drain(),
    advance: (ms) => void vi.advanceTimersByTime(ms + TICK_MS),
  };
  async function release(): Promise<void> {
    let isOver = false;
    const stopped = stop().finally(() => {
      isOver = true;
    });
    while (!isOver) {
      vi.advanceTimersByTime(TICK_MS);
      await new Promise(setImmediate);
    }
    monotonic.mockRestore();
    vi.useRealTimers();
    await stopped;
  }
  return { server, release };
}
