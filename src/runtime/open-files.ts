/**
 * The limit of open files, which is also the limit of connections. Node raises the soft limit to the hard one when it
 * starts, so the limit here is what an administrator allows.
 */
import { readdirSync, readFileSync } from "node:fs";

/** Files that the program opens at once while it loads its modules, with a reserve. */
export const MIN_OPEN_FILES = 160;
/** Files that are kept free beside the connections, for whatever else the process opens. */
const RESERVED_FILES = 32;

/** The limit of open files of this process, and how many are open. */
export interface OpenFiles {
  readonly limit: number;
  readonly openCount: number;
}

/** Reads the limit. @returns undefined if it is unlimited or unknown, as on systems without /proc. */
export function readOpenFiles(): OpenFiles | undefined {
  try {
    const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
    return Number.isNaN(limit) ? undefined : { limit, openCount: readdirSync("/proc/self/fd").length };
  } catch {
    return undefined;
  }
}

/** How many connections fit into the limit; at least 1. */
export function maxConnectionsOf({ limit, openCount }: OpenFiles): number {
  return Math.max(1, limit - openCount - RESERVED_FILES);
}
