/** A shell command that stays until it is ended, and says which processes it is made of. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect } from "vitest";

/** A command, and the ids of its processes. */
export interface StayingCommand {
  readonly command: string;
  /** Resolves once it runs, with the shell's id and that of what the shell has started. */
  readonly started: Promise<readonly number[]>;
}

/** @param pipe - a path at which nothing is yet; the command tells its ids through a named pipe there. */
export function stayingCommand(pipe: string): StayingCommand {
  execFileSync("mkfifo", [pipe]);
  const said = readFile(pipe, "utf8");
  return {
    command: `sleep 600 & echo $$ $! > ${pipe}; wait`,
    started: said.then((line) => line.trim().split(" ").map(Number)),
  };
}

/** Waits until none of these processes is there any more; nobody tells, so it looks again and again. */
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
