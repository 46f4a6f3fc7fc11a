/** The server under attack: a process of its own, whose event loop and memory are watched. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ROOT } from "../../support/root.js";
import type { LoopReport } from "./loop-probe.js";

const MAIN = join(ROOT, "dist/main.js");
const PROBE = fileURLToPath(new URL("loop-probe.js", import.meta.url));
const START_MS = 20_000;
const SAMPLE_MS = 20;
const STOP_MS = 3_000;
/** A loop that has not reported for this long is held, in milliseconds. Reports come every 100 ms. */
const SILENT_MS = 400;
/** What is kept of the end of the log, in characters. */
const TAIL_LENGTH = 4_096;

/** How a server is started. */
export interface ServerOptions {
  /** In MiB; undefined for Node's default. */
  readonly heapMb: number | undefined;
  /** The process is killed when its resident memory exceeds this, in MiB. */
  readonly capMb: number;
}

/** A running server. */
export class Server {
  /** The longest holds of its event loop since the last reset, in ms. */
  heldMs = 0;
  heldWallMs = 0;
  /** The largest resident memory since the last reset, in MiB. */
  peakMb = 0;
  loggedBytes = 0;
  /** The end of its log. */
  logTail = "";
  /** How the process ended; undefined while it lives. */
  ended: string | undefined;
  readonly whenEnded: Promise<void>;
  readonly #child: ChildProcess;
  readonly #sampler: NodeJS.Timeout;
  #reportedAt = performance.now();
  #isOverCap = false;
  #isStopping = false;

  private constructor(
    child: ChildProcess,
    readonly address: string,
    capMb: number,
  ) {
    this.#child = child;
    child.on("message", (report: LoopReport) => {
      this.#reportedAt = performance.now();
      this.heldMs = Math.max(this.heldMs, report.busyMs);
      this.heldWallMs = Math.max(this.heldWallMs, report.wallMs);
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.loggedBytes += Buffer.byteLength(text);
      this.logTail = (this.logTail + text).slice(-TAIL_LENGTH);
    });
    this.whenEnded = new Promise((resolve) => {
      child.on("exit", (code, signal) => {
        this.isHeld();
        this.ended = this.#endOf(code, signal, capMb);
        resolve();
      });
    });
    this.#sampler = setInterval(() => {
      this.peakMb = Math.max(this.peakMb, this.residentMb());
      if (this.peakMb <= capMb || this.#isOverCap) return;
      this.#isOverCap = true;
      child.kill("SIGKILL");
    }, SAMPLE_MS);
  }

  /** Starts a server on a port that the system chooses. */
  static async start({ heapMb, capMb }: ServerOptions): Promise<Server> {
    const heap = heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`];
    const args = [...heap, "--import", PROBE, MAIN, "serve", "--listen", "127.0.0.1:0"];
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: withoutSettings(process.env),
    });
    const kill = (): boolean => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const timeout = setTimeout(() => child.kill("SIGKILL"), START_MS);
    for await (const line of lines) {
      if (!line.startsWith("listening on ")) continue;
      clearTimeout(timeout);
      child.stdout?.resume();
      return new Server(child, line.replace("listening on ", ""), capMb);
    }
    throw new Error("the server did not start; run npm run build first");
  }

  /** Forgets the peaks so far. */
  reset(): void {
    this.heldMs = 0;
    this.heldWallMs = 0;
    this.peakMb = this.residentMb();
    this.loggedBytes = 0;
  }

  /** Whether the event loop does not turn now. If so, the time since its last report counts as held. */
  isHeld(): boolean {
    const silentMs = performance.now() - this.#reportedAt;
    if (this.ended !== undefined || silentMs < SILENT_MS) return false;
    this.heldMs = Math.max(this.heldMs, silentMs);
    this.heldWallMs = Math.max(this.heldWallMs, silentMs);
    return true;
  }

  /** The resident memory in MiB; 0 if the process has ended. */
  residentMb(): number {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1_024;
    } catch {
      return 0;
    }
  }

  /** Ends the process. Does nothing if it has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#sampler);
    if (this.ended !== undefined) return;
    this.#isStopping = true;
    this.#child.kill("SIGTERM");
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    if (this.ended === undefined) await once(this.#child, "exit");
    clearTimeout(kill);
  }

  #endOf(code: number | null, signal: NodeJS.Signals | null, capMb: number): string | undefined {
    if (this.#isStopping) return "stopped";
    if (this.#isOverCap) return `killed at ${capMb} MiB`;
    const isOutOfMemory = this.logTail.includes("heap out of memory");
    return isOutOfMemory ? "out of memory" : (signal ?? `exit code ${code}`);
  }
}

function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("ATE_DISPATCHER_")));
}
