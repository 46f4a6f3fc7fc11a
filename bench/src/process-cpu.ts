/**
 * CPU time of another process, threads included: from /proc where there is one, else from `ps`, else unknown. And of
 * the whole machine, to tell whether a measurement was disturbed.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** Linux reports in hundredths of a second on every machine that Node runs on. */
const TICK_MS = 10;

/**
 * CPU milliseconds (user and system) a process has used, or NaN if this system cannot tell.
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

/** CPU milliseconds that all processes and the kernel have used since the machine started. */
export function machineCpuMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}

/** Reads utime and stime. The name in parentheses may itself hold spaces and parentheses. */
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
