/** CPU and time between two readings. */
import type { Measurement } from "./figures.js";
import { machineCpuMs, processCpuMs } from "./process-cpu.js";

/** One reading. */
export interface Reading {
  readonly at: number;
  readonly serverCpuMs: number;
  readonly clientCpuMs: number;
  readonly machineCpuMs: number;
}

/** Reads the CPU time of the server, of this process and of the whole machine. */
export function readMeter(serverPid: number): Reading {
  const serverCpuMs = processCpuMs(serverPid);
  const { user, system } = process.cpuUsage();
  const clientCpuMs = (user + system) / 1000;
  return { at: performance.now(), serverCpuMs, clientCpuMs, machineCpuMs: machineCpuMs() };
}

/** Rate and CPU cost of the deliveries between two readings. */
export function costBetween(begin: Reading, end: Reading, deliveries: number): Measurement {
  const measuredMs = end.at - begin.at;
  const serverCpuMs = end.serverCpuMs - begin.serverCpuMs;
  const clientCpuMs = end.clientCpuMs - begin.clientCpuMs;
  const otherCpuMs = end.machineCpuMs - begin.machineCpuMs - serverCpuMs - clientCpuMs;
  return {
    deliveriesPerSecond: (deliveries / measuredMs) * 1000,
    serverCpuUsPerDelivery: (serverCpuMs * 1000) / deliveries,
    serverCores: serverCpuMs / measuredMs,
    clientCores: clientCpuMs / measuredMs,
    otherCores: Math.max(0, otherCpuMs / measuredMs),
    measuredMs,
  };
}
