/**
 * Compares what the ledger has with the memory of a process. The process has nothing else to keep: no test runner, no
 * sockets, and no texts of the history. Each history keeps tens of megabytes, beside which the rest of the heap is small.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { ROOT } from "../support/root.js";

const CHILD = join(ROOT, "test/core/held-bytes-child.mjs");
const SEEDS = [1, 2, 5, 8].map((n) => n * 7_919);
/** Each history takes about five seconds on an idle machine. */
const TIMEOUT_MS = 120_000;

interface Printed {
  readonly charged: number;
  readonly measured: number;
  readonly peersAtEnd: number;
  readonly peerBytesAtEnd: number;
}

describe("the ledger", { timeout: TIMEOUT_MS }, () => {
  it.each(SEEDS)(
    "is within 30 % of the memory that a history needs, and empty at its end (seed %i)",
    async (seed) => {
      const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", CHILD, String(seed)]);
      const { charged, measured, peersAtEnd, peerBytesAtEnd } = JSON.parse(stdout) as Printed;

      expect(measured).toBeGreaterThan(4 * 1_024 ** 2);
      expect(charged / measured).toBeGreaterThan(0.7);
      expect(charged / measured).toBeLessThan(1.3);
      expect({ peersAtEnd, peerBytesAtEnd }).toEqual({ peersAtEnd: 0, peerBytesAtEnd: 0 });
    },
  );
});
