/**
 * Loaded into our server's process with `--import`, for works that measure memory or stalls: answers every message of the
 * runner with a snapshot. Works that measure speed run without it.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ServerSnapshot } from "./server-snapshot.js";

/** The period of the histogram's timer, which its figures include. */
const RESOLUTION_MS = 1;
/** Time for the histogram to count the stall of the collection itself. */
const SETTLE_MS = 20;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();

process.on("message", () => {
  const longestStallMs = delays.count === 0 ? 0 : Math.max(0, delays.max / 1e6 - RESOLUTION_MS);
  collectGarbage();
  // Twice: the second collection frees what the finalizers of the first have released.
  collectGarbage();
  // Reset the histogram after it has counted the stall of the collection itself.
  setTimeout(() => {
    delays.reset();
    const { rss, heapUsed } = process.memoryUsage();
    const snapshot: ServerSnapshot = { rssBytes: rss, heapBytes: heapUsed, longestStallMs };
    process.send?.(snapshot);
  }, SETTLE_MS);
});
// The IPC channel must not keep the server alive.
process.channel?.unref();
