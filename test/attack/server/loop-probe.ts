/**
 * Preloaded into the server: measures how long its event loop does not turn, and sends the worst of each window to the
 * parent process. A timer that is due every few milliseconds is late by the time for which the loop was held.
 */

/** Time between two looks, in milliseconds: what a shorter hold would not be worth a report for. */
const EVERY_MS = 4;
/** Time between two reports, in milliseconds. */
const WINDOW_MS = 100;

/** The worst hold of a window. */
export interface LoopReport {
  /** On the wall clock, in ms. */
  readonly wallMs: number;
  /** The part in which the process used the processor, in ms. On a shared machine it is closer to the truth. */
  readonly busyMs: number;
}

if (process.send) probe(process.send.bind(process));

function probe(send: (report: LoopReport) => void): void {
  let lookedAt = performance.now();
  let usedUs = processorUs();
  let reportedAt = lookedAt;
  let worst: LoopReport = { wallMs: 0, busyMs: 0 };
  const timer = setInterval(() => {
    const now = performance.now();
    const nowUs = processorUs();
    const wallMs = Math.max(0, now - lookedAt - EVERY_MS);
    const busyMs = Math.min(wallMs, (nowUs - usedUs) / 1_000);
    lookedAt = now;
    usedUs = nowUs;
    worst = { wallMs: Math.max(wallMs, worst.wallMs), busyMs: Math.max(busyMs, worst.busyMs) };
    if (now - reportedAt < WINDOW_MS || !process.connected) return;
    reportedAt = now;
    send(worst);
    worst = { wallMs: 0, busyMs: 0 };
  }, EVERY_MS);
  timer.unref();
  // The channel must not keep a server alive that would otherwise end.
  process.channel?.unref();
}

function processorUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
