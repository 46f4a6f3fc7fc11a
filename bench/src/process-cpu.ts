/**
 * CPU time of another process with all its threads, from /proc or else from `ps`; and of the whole machine, to detect
 * disturbed samples.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** Linux reports CPU time in hundredths of a second on all platforms of Node. */
const TICK_MS = 10;

/**
 * User and system CPU time of a process in milliseconds, or NaN if the operating system does not report it.
 *
 * Exact to 10 ms from /proc; `ps` may be as coarse as a second.
 */
export function processCpuMs(pid: number): number {
  if (process.platform === "linux") return fromProc(readFileSync(`/proc/${pid}/stat`, "utf8"));
  try {
    return fromPs(execFileSync("ps", ["-o", "time=", "-p", String(pid)], { encoding: "utf8" }));
  } catch {
    return Number.NaN;
  }
}

/** CPU time in milliseconds of all processes and the kernel since the machine started. */
export function machineCpuMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}

/** Reads utime and stime. The process name in parentheses may itself contain spaces and parentheses. */
function fromProc(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Reads `[[days-]hours:]minutes:seconds[.fraction]`. */
function fromPs(time: string): number {
  const [clock = "", days = "0"] = time.trim().split("-").reverse();
  const seconds = clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return (Number(days) * 86_400 + seconds) * 1000;
}
