import { readFileSync } from "node:fs";

/** Resident memory of another process in bytes, or NaN if the operating system does not report it. */
export function processRssBytes(pid: number): number {
  if (process.platform !== "linux") return Number.NaN;
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return match === null ? Number.NaN : Number(match[1]) * 1024;
}
