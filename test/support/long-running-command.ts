/** A shell command that runs until it is killed, and reports the ids of its processes. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect } from "vitest";

/** A command and the ids of its processes. */
export interface LongRunningCommand {
  readonly command: string;
  /** Resolves when the command runs, with the ids of the shell and of its child. */
  readonly started: Promise<readonly number[]>;
}

/** @param pipe - a path that does not exist yet; the command writes its ids to a named pipe there. */
export function longRunningCommand(pipe: string): LongRunningCommand {
  execFileSync("mkfifo", [pipe]);
  const line = readFile(pipe, "utf8");
  return {
    command: `sleep 600 & echo $$ $! > ${pipe}; wait`,
    started: line.then((ids) => ids.trim().split(" ").map(Number)),
  };
}

/** Waits until all of these processes have ended. They are not children of this process, so it polls. */
export async function allEnded(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.filter(isAlive), { timeout: 30_000, interval: 10 }).toEqual([]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
