/**
 * Loaded into our server's process with `--import`, for the works that need to see inside: answers every message of the
 * runner with a look. Works that measure speed run without it.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ServerLook } from "./server-look.js";

/** The width of the histogram's own timer, which its figures include. */
const RESOLUTION_MS = 1;
const COUNTED_MS = 20;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();

process.on("message", () => {
  const longestStallMs = delays.count === 0 ? 0 : Math.max(0, delays.max / 1e6 - RESOLUTION_MS);
  collectGarbage();
  // Twice: what finalizers let go of at the first goes at the second.
  collectGarbage();
  // Not before the stall of the collection itself has been counted, and forgotten.
  setTimeout(() => {
    delays.reset();
    const { rss, heapUsed } = process.memoryUsage();
    const look: ServerLook = { rssBytes: rss, heapBytes: heapUsed, longestStallMs };
    process.send?.(look);
  }, COUNTED_MS);
});
// The server ends when it has nothing more to serve, whoever may still look.
process.channel?.unref();
